"""HTTP for a WSGI server, in production beside the sockets of asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")
application = get_wsgi_application()
