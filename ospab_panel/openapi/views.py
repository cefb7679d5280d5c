"""GET /api/schema and GET /api/docs, for everybody. The page is the one HTML under /api; what it refuses is JSON."""

from functools import cache
from threading import Lock

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.settings import spectacular_settings
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

MAKING = Lock()


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def schema(request: Request) -> HttpResponse:
    return HttpResponse(document(), content_type="application/json")


def document() -> bytes:
    """The description as JSON. Of many who ask first, one makes it: its library does not bear two at a time."""
    with MAKING:
        return made()


@cache
def made() -> bytes:
    """Made once a process: it is the same for everybody."""
    described: bytes = JSONRenderer().render(spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(public=True))
    return described


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def docs(request: Request) -> HttpResponse:
    """Swagger UI from our own static files: it asks no other host, and obeys the Content-Security-Policy."""
    return render(request._request, "api_docs.html")
