"""The page that a form leads back to, whose path it carries as `next`, and the page that a reader is on. For views of pages,
middleware and templates.

What comes with a request is anybody's word, so it is followed to pages of ours alone.
"""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

LONGEST = 2000


def next_page(request: HttpRequest, otherwise: str) -> str:
    """What the form names, or the address, or else this."""
    named = request.POST.get("next") or request.GET.get("next", "")
    return named if is_path(named) else otherwise


def is_path(path: str) -> bool:
    """Whether every browser reads it as a path on this host, and a header can hold it."""
    is_plain = path.startswith("/") and "\\" not in path and path.isprintable() and len(path) <= LONGEST
    return is_plain and url_has_allowed_host_and_scheme(path, None)


def is_ours(request: HttpRequest, url: str) -> bool:
    """As browsers write it, or as a proxy that leaves out the port has it."""
    return url_has_allowed_host_and_scheme(url, {request.get_host(), urlsplit(settings.PANEL_URL).netloc})


def here(request: HttpRequest) -> str:
    """The path of the page that whoever asks is on: of a fragment, the page that it is of."""
    return open_page(request) if getattr(request, "htmx", False) else request.get_full_path()


def open_page(request: HttpRequest) -> str:
    """The path of the page that a fragment is of; "/" where it says nothing of ours."""
    url = request.htmx.current_url or request.headers.get("Referer", "")  # type: ignore[attr-defined]
    if not is_ours(request, url) or "\0" in url:
        return "/"
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path, parts.query, "")) if parts.path.startswith("/") else "/"
