"""Django's WSGI handler. ospab_panel.asgi runs it in its threads; static files are not its business."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")
application = get_wsgi_application()
