"""Django's WSGI handler. ospab_panel.asgi runs it in its threads; static files are not its business."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase


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

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """REST framework's request, view and answer hold each other. Once it is rendered they are let go of, or they would
        be kept, with all that they read, until garbage is looked for.
        """
        response = super().get_response(request)
        context = getattr(response, "renderer_context", {})
        if "request" in context:
            context["request"].parser_context = {}
            vars(context["view"]).clear()
            context.clear()
        return response


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")
django.setup(set_prefix=False)
application = PanelHandler()
