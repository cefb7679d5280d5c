"""The page that tells people of a failure: which template, and what it says. web.error_responses calls it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from web import request_id
from web.errors import PanelError
from web.next_page import is_ours, is_path, next_page

# What a page asks the database for; where that may be what failed, the page does without.
WITHOUT_DATABASE = {"user": AnonymousUser(), "messages": []}


def error_page(
    request: HttpRequest,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    error: PanelError | None = None,
) -> HttpResponse:
    """By the error's own template, by that of the code or the status, or by the one for all others."""
    own = [error.own_page] if error and error.own_page else []
    names = [*own, f"errors/{code}.html", f"errors/{status}.html", "errors/other.html"]
    context = facts(request, message, error) | (WITHOUT_DATABASE if status >= 500 else {})
    return HttpResponse(render_to_string(names, context, request), status=status, headers=dict(headers or {}))


def facts(request: HttpRequest, message: str, error: PanelError | None) -> dict[str, Any]:
    """What a template may show. A form is read for `again` only where a template asks for it: it may be what is wrong."""
    seconds = error.retry_after if error else 0
    return {
        "message": message,
        "error": error,
        "again": partial(again, request),
        "retry_after": seconds,
        "opens_at": timezone.now() + timedelta(seconds=seconds),
        "id": request_id.current.get(),
    }


def again(request: HttpRequest) -> str:
    """Where to ask once more: what was asked for, or of a form the page that it leads back to, or was sent from."""
    here = request.get_full_path()
    return here if request.method in ("GET", "HEAD") else next_page(request, sent_from(request) or here)


def sent_from(request: HttpRequest) -> str:
    """The path of the page that a form was sent from, or ''."""
    url = request.headers.get("Referer", "")
    if not url or not is_ours(request, url):
        return ""
    parts = urlsplit(url)
    path = urlunsplit(("", "", parts.path, parts.query, ""))
    return path if is_path(path) else ""
