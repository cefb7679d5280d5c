"""The Celery application. `celery -A ospab_panel worker` and `beat` start it; nobody else needs to import it."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")

app = Celery("ospab_panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect  # type: ignore[untyped-decorator]
def look_at_once(**_: Any) -> None:
    """What was seen before a long pause is too old to be shown: the first round is not left to the clock."""
    app.send_task("vps.reconcile_all")
