"""Django's WSGI handler. ospab_panel.asgi runs it in its threads; static files are not its business."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class PanelRequest(WSGIRequest):
    """Django reads the Content-Type as it makes the request, where nothing yet turns an error into an answer: one that
    cannot be read is left out, and `odd_requests` refuses it.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self.is_malformed = False
        try:
            super().__init__(environ)
        except (ValueError, LookupError):
            super().__init__(environ | {"CONTENT_TYPE": ""})
            self.is_malformed = True


class PanelHandler(WSGIHandler):
    request_class = PanelRequest


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")
django.setup(set_prefix=False)
application = PanelHandler()
