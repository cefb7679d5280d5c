"""The users that the main site may read, for GET /api/users/sync: a page at a time. sync_api.py calls it."""

import unicodedata

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import openapi as shapes
from accounts.models import User
from accounts.models.user import is_called
from accounts.user_shape import EXTERNAL_ID, for_main_site
from web.errors import InvalidInput
from web.filters import Filter, given, narrowed, parameters, row_number
from web.openapi.endpoint import Answer, page
from web.openapi.shapes import row_id
from web.openapi.shapes import text as text_of
from web.query import page_after, text

LARGEST_PAGE = 10_000
DEFAULT_PAGE = 1000
FILTERS = {
    "id": Filter(row_id("The one of this id.", 5), lambda request: Q(pk=row_number(request, "id"))),
    "external_id": Filter(EXTERNAL_ID, lambda request: Q(external_id=text(request, "external_id", 191))),
    "email": Filter(
        text_of("The one of this e-mail address, in any case of letters.", "alice@example.com", maxLength=254),
        lambda request: is_called("email", text(request, "email", 254)),
    ),
    "username": Filter(
        text_of("The one of this username, in any case of letters.", "alice", maxLength=150),
        lambda request: is_called("username", unicodedata.normalize("NFKC", text(request, "username", 150))),
    ),
}
DESCRIPTION = {
    "parameters": [*page("after", DEFAULT_PAGE, LARGEST_PAGE, default=0), *parameters(FILTERS)],
    "description": "Read the users, in id order.\n\nA filter that nobody fits gives an empty list. Members of the staff are "
    "in none.",
    "methods": ["GET"],
}
GIVEN = (Answer(shapes.USERS, {"a page": {}}), InvalidInput)


def page_of_users(request: Request) -> Response:
    """Raises InvalidInput."""
    page = page_after(request, default=DEFAULT_PAGE, most=LARGEST_PAGE)
    customers = User.objects.customers().filter(pk__gt=page.key).order_by("pk")
    rows, following = page.cut(narrowed(customers, request, FILTERS)[: page.reads], **given(request, FILTERS))
    users = [for_main_site(user) for user in rows]
    return Response({"status": "success", "count": len(users), "users": users, "next": following})
