"""The Celery application. `celery -A ospab_panel worker` and `beat` start it; nobody else needs to import it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")

app = Celery("ospab_panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
