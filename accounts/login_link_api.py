"""POST /api/users/{id}/login-link, or by the main site's own id: for the main site, by its key. sync_urls.py calls it.

The shape of what comes is checked here; accounts.login_links makes the link.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import errors, login_links
from accounts import openapi as shapes
from accounts.authentication import ApiKeyAuthentication
from accounts.call_facts import note, notes_calls
from accounts.permissions import IsMainSite
from web.errors import InvalidInput, invalid
from web.idempotency import idempotent
from web.openapi.endpoint import Answer, endpoint
from web.openapi.shapes import text, thing
from web.shape import refuse_no_object, unknown_keys
from web.timestamps import rfc3339

NEXT = text("The panel's page to open then.", "/profile/", maxLength=login_links.LONGEST_NEXT, pattern="^/")


def endpoint_of(operation: str) -> Any:
    """`whose` is what the address names: {"id"} or {"external_id"}."""

    @endpoint(
        *("Main site", operation),
        Answer(
            shapes.LOGIN_LINK, {"to the first page": {"sent": {}}, "to a page": {"sent": {"next": "/profile/"}}}, 201
        ),
        *(InvalidInput, errors.UserNotFound, errors.StaffAccount, errors.UserInactive),
        request=thing({"next": NEXT}, optional=["next"]),
    )
    @api_view(["POST"])
    @authentication_classes([ApiKeyAuthentication])
    @permission_classes([IsMainSite])
    @notes_calls("user")
    @idempotent
    def login_link(request: Request, **whose: Any) -> Response:
        """Make a link that logs a customer in.

        Good once, for 60 seconds; a newer link of the same user ends it.
        """
        body: Any = request.data
        link = login_links.make(checked_next(body), **whose)
        note(request, user_id=link.user_id)
        address = settings.PANEL_URL + reverse("accounts:login_link", args=[link.token])
        answer = {"status": "success", "url": address, "expires_at": rfc3339(link.expires_at)}
        warnings = unknown_keys(body, {"next"})
        return Response(answer | ({"warnings": warnings} if warnings else {}), status=201)

    return login_link


def checked_next(body: Any) -> str:
    """Empty where none is given."""
    refuse_no_object(body)
    if "next" not in body:
        return ""
    path = body["next"]
    if not isinstance(path, str) or len(path) > login_links.LONGEST_NEXT or not login_links.is_page(path):
        raise invalid({"next": "Must be the path of a page of the panel, such as /profile/."})
    return path


by_id, by_external_id = endpoint_of("createLoginLink"), endpoint_of("createLoginLinkByExternalId")
