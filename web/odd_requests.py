"""Requests that no browser and no client of ours sends are refused before any view sees them. Django calls it.

What is refused here, no endpoint has to think of: a Content-Type that cannot be read, another charset than UTF-8, and NUL,
which PostgreSQL stores in no text.
"""

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from web.error_responses import bad_request, is_api, page
from web.json_body import UNSTORABLE, UnsupportedCharset, check_charset

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
            return page(request, error.status, error.code, _("The body must be UTF-8."))
    # Django would read the address too in the charset that the body has.
    request.encoding = "utf-8"
    try:
        is_odd = any(map(UNSTORABLE.search, texts_of(request)))
    except (UnreadablePostError, ValueError, LookupError):
        return bad_request(request, ValueError())
    if is_odd:
        return page(request, 400, "bad_request", _("The request holds a NUL, which no text may hold."))
    request.get_host()  # Raises what Django answers where it is none of ours.
    return None


def texts_of(request: HttpRequest) -> Iterable[str]:
    """What the path, the cookies and either the API's query or a page's form say. Of a page's query many views find nothing,
    and what one asks the database for is refused then (`error_responses`)."""
    yield request.path_info
    yield from request.COOKIES.values()
    if is_api(request):
        yield from of_fields(request.GET)
    elif request.content_type in FORMS:
        yield from of_fields(request.POST)


def of_fields(fields: QueryDict) -> Iterable[str]:
    for name, values in fields.lists():
        yield from (name, *map(str, values))
