"""Requests that no browser and no client of ours sends are refused before any view sees them. Django calls it.

What is refused here, no door has to think of: a Content-Type that cannot be read, another charset than UTF-8, and NUL, which
PostgreSQL stores in no text.
"""

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from ospab_panel.error_responses import bad_request, is_api, page
from ospab_panel.json_body import UNSTORABLE, UnsupportedCharset, check_charset

GetResponse = Callable[[HttpRequest], HttpResponse]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def refuse_odd_requests(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        return refusal(request) or get_response(request)

    return middleware


def refusal(request: HttpRequest) -> HttpResponse | None:
    if getattr(request, "is_malformed", False):
        return bad_request(request, ValueError())
    try:
        check_charset(request.META.get("CONTENT_TYPE", ""))
    except UnsupportedCharset as error:
        if request.method not in ("GET", "HEAD"):
            return page(request, error.status_code, error.default_code, _("The body must be UTF-8."))
    # Django would read the address too in the charset that the body has.
    request.encoding = "utf-8"
    try:
        is_odd = any(map(UNSTORABLE.search, texts_of(request)))
    except (UnreadablePostError, ValueError, LookupError):
        return bad_request(request, ValueError())
    return page(request, 400, "bad_request", _("The request holds a NUL, which no text may hold.")) if is_odd else None


def texts_of(request: HttpRequest) -> Iterable[str]:
    """Names and values of the address, the cookies and, of a page, the form."""
    yield request.path_info
    yield from request.COOKIES.values()
    fields = [request.GET]
    if request.content_type in FORMS and not is_api(request):
        fields.append(request.POST)
    for field in fields:
        for name, values in field.lists():
            yield from (name, *map(str, values))
