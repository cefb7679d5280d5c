"""What every request passes through: sealed secrets, its language, bodies that cannot be read. Django calls it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import gettext as _

from ospab_panel.server.request_body import BATCH, LARGER_THAN, LARGEST_BATCH
from vps.db.encrypted import decryption_forbidden
from web.error_responses import is_api, page

GetResponse = Callable[[HttpRequest], HttpResponse]


def keep_secrets_sealed(get_response: GetResponse) -> GetResponse:
    """Whatever answers a request, staff's too, cannot decrypt the secrets of clusters and webhook endpoints."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with decryption_forbidden():
            return get_response(request)

    return middleware


# What a browser may do with an answer that is meant for a program: nothing. Pages have theirs by their own middlewares.
FOR_PROGRAMS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Vary": "Accept-Language",
}


def serve_programs(get_response: GetResponse) -> GetResponse:
    """An API path has no session, no cookie and no form, and answers in one of two languages."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.LANGUAGE_CODE = language = language_for(request)
        translation.activate(language)
        response = get_response(request)
        for name, value in FOR_PROGRAMS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def language_for(request: HttpRequest) -> str:
    """English, or Russian for the customer's program that asks for just that.

    The main site's endpoints are English alone: its clients compare nothing but codes, and its readers are developers.
    """
    wants_russian = request.headers.get("Accept-Language", "").lower().startswith("ru")
    is_main_sites = "/sync" in request.path_info or request.path_info.startswith("/api/users/")
    return "ru" if wants_russian and not is_main_sites else "en"


class PanelLocaleMiddleware(LocaleMiddleware):
    """Pages: the cookie, then the browser, then Russian. What the one page under /api refuses is for programs."""

    def process_request(self, request: HttpRequest) -> None:
        if is_api(request):
            translation.activate(language_for(request))
            request.LANGUAGE_CODE = translation.get_language()
        else:
            super().process_request(request)


def refuse_bodies(get_response: GetResponse) -> GetResponse:
    """WSGI reads a body without a length as empty: better refused than misread. One that was too large to be buffered is
    refused too, but for a batch whose key is not valid: its endpoint says so.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            return page(request, 411, "length_required", _("Send the body with a Content-Length."))
        largest = request.META.get(LARGER_THAN)
        if largest and not (BATCH.fullmatch(request.path_info) and largest < LARGEST_BATCH):
            return page(
                request, 413, "too_large", _("The body is larger than %(largest)d bytes.") % {"largest": largest}
            )
        return get_response(request)

    return middleware
