"""What every request passes through, whatever it is about: its id, and that private pages are not cached. Django calls it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from web import request_id
from web.crash_points import BEFORE_ANSWER, crash_point
from web.error_responses import is_api

GetResponse = Callable[[HttpRequest], HttpResponse]


def give_request_id(get_response: GetResponse) -> GetResponse:
    """The first of all: what any other answers has the id too.

    It is not taken back: Django writes of a refusal after the last middleware, and the next request brings its own.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        id = request_id.chosen(request.headers.get(request_id.HEADER, ""))
        request_id.current.set(id)
        response = get_response(request)
        response[request_id.HEADER] = id
        if request.method == "POST" and is_api(request):
            crash_point(BEFORE_ANSWER)
        return response

    return middleware


def keep_private_pages_uncached(get_response: GetResponse) -> GetResponse:
    """What somebody sees is nobody else's, and not the back button's once they are gone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    return middleware
