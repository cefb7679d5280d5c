"""The one place that renders failures: JSON on API paths, a fragment for htmx, words on pages. Django and REST call it.

Every failure of an API path is {"status": "error", "message": …, "code": …} and, where a field is at fault, "errors".
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from web import request_id
from web.error_page import error_page
from web.errors import PanelBusy, PanelError, invalid
from web.json_body import UNSTORABLE
from web.next_page import is_ours, next_page
from web.transient_errors import is_transient

log = logging.getLogger(__name__)
API = re.compile(r"/+api(/|$)", re.IGNORECASE)
# Django's admin puts what stands in an address or a form into a query as it is, and finds out too late that it is none: by
# one of these, or where it lacks the other end of a range by whatever breaks first.
NOT_A_VALUE = (ValueError, OverflowError, DataError, ValidationError)

CODES = {
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.MethodNotAllowed: "method_not_allowed",
}


def body(code: str, message: str) -> dict[str, Any]:
    return {"status": "error", "message": message, "code": code}


def headers_of(error: PanelError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if error.retry_after else {}


def is_api(request: HttpRequest) -> bool:
    """However it is written: who means the API reads JSON."""
    return bool(API.match(request.path_info))


# The API


def api_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None leaves the error to `server_error`."""
    if isinstance(error, PanelError):
        return Response(error.serialize(), status=error.status, headers=headers_of(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    scheme = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": scheme} if scheme else {}
    return Response(of_rest_error(error), status=error.status_code, headers=headers)


def of_rest_error(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return invalid(error.detail, _("Invalid request: %(faults)s")).serialize()
    code = CODES.get(type(error)) or str(getattr(error.detail, "code", error.default_code))
    return body(code, str(error.detail))


# Everything else


class PanelErrorMiddleware:
    """Turns a refusal that a page's view raised into a message, where the customer was, or a fragment for htmx."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Django refuses a method by an empty page, which leads nowhere."""
        response = self.get_response(request)
        if response.status_code != 405 or response.content or is_api(request):
            return response
        message = _("This address cannot be opened directly.")
        return page(request, 405, "method_not_allowed", message, {"Allow": response.headers.get("Allow", "")})

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, PanelError):
            return refuse(request, error)
        if is_of_admins_question(request, error) or is_of_nul(request, error):
            log.warning("a page was given what is no value", exc_info=error)
            return bad_request(request, error)
        return None


def is_of_admins_question(request: HttpRequest, error: Exception) -> bool:
    is_no_value = isinstance(error, NOT_A_VALUE) or any("__range" in name for name in request.GET)
    return is_no_value and not is_transient(error) and request.path_info.startswith(reverse("admin:index"))


def is_of_nul(request: HttpRequest, error: Exception) -> bool:
    """The database was asked for a text of the address that none can hold."""
    return isinstance(error, ValueError | DataError) and UNSTORABLE.search(unquote(request.GET.urlencode())) is not None


def refuse(request: HttpRequest, error: PanelError) -> HttpResponse:
    headers = headers_of(error)
    if is_api(request):
        return JsonResponse(error.serialize(), status=error.status, headers=headers)
    if error.own_page:
        return page(request, error.status, error.code, str(error.message), headers, error=error)
    if getattr(request, "htmx", False):
        fragment = render_to_string("_refusal.html", {"message": error.message}, request)
        return HttpResponse(fragment, status=error.status, headers=headers)
    if error.status == 404:
        return page(request, 404, error.code, str(error.message))
    messages.error(request, str(error.message))
    back = request.headers.get("Referer", "")
    return redirect(next_page(request, back if is_ours(request, back) else "/"))


def page(
    request: HttpRequest,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    error: PanelError | None = None,
) -> HttpResponse:
    """JSON on an API path, and words for people elsewhere."""
    if is_api(request):
        return JsonResponse(body(code, message), status=status, headers=headers)
    return error_page(request, status, code, message, headers, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400, "bad_request", _("The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, "permission_denied", _("You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, "not_found", _("There is nothing at this address."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, 403, "csrf", _("The page is out of date; nothing was done. Reload it and try again."))


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away, or a panel that is too busy, passes: 503. Anything else is ours to mend: 500, and the log
    has it.
    """
    if is_transient(sys.exc_info()[1]):
        busy = PanelBusy()
        return page(request, busy.status, busy.code, str(busy.message), headers_of(busy), error=busy)
    sentence = _("A fault on our side. If it happens again, give support this number: %(id)s.")
    return page(request, 500, "internal_error", sentence % {"id": request_id.current.get()})
