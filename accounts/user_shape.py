"""A user as one is shown outside: to themselves, and to the main site. The endpoints call it; openapi.py describes it."""

from typing import Annotated, Any, TypedDict

from accounts.models import User
from web.openapi.shapes import moment, or_null, row_id, text, truth
from web.timestamps import rfc3339


class UserShape(TypedDict):
    """A person who can log in."""

    id: Annotated[int, row_id("The panel's id of the user.", 5)]
    username: Annotated[str, text("The name to log in by; the e-mail address does as well.", "alice", maxLength=150)]
    email: Annotated[str, text("The e-mail address.", "alice@example.com", maxLength=254)]


EXTERNAL_ID = text("The main site's own id, unique for ever.", "customer-5", minLength=1, maxLength=191)


class SyncedUserShape(UserShape):
    """A user as the main site sees one. `external_id` is null for who came otherwise."""

    external_id: Annotated[str | None, or_null(EXTERNAL_ID)]
    first_name: Annotated[str, text("Empty where it is not known.", "Alice", maxLength=150)]
    last_name: Annotated[str, text("Empty where it is not known.", "Liddell", maxLength=150)]
    is_active: Annotated[bool, truth("Whether the user may log in.", True)]
    created_at: Annotated[str, moment("When the account came into the panel.")]


def for_themselves(user: Any) -> UserShape:
    return {"id": user.pk, "username": user.username, "email": user.email}


def for_main_site(user: User) -> SyncedUserShape:
    return {
        **for_themselves(user),
        "external_id": user.external_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": user.is_active,
        "created_at": rfc3339(user.date_joined),
    }
