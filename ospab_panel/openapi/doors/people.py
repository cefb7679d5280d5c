"""/api/users/…: what the main site says of its customers, and how it logs one in."""

from rest_framework.exceptions import ValidationError

from accounts import errors
from accounts.login_links import LONGEST_NEXT
from ospab_panel.openapi.door import Answer, Door
from ospab_panel.openapi.doors import people_bodies
from ospab_panel.openapi.doors.main_site import TAG
from ospab_panel.openapi.nouns.people import SYNCED_EXAMPLE as ALICE
from ospab_panel.openapi.nouns.vps import USER_ID
from ospab_panel.openapi.shapes import ref, text, thing
from web.errors import MissingFields

ORDER = {"external_id": "customer-6", "username": "john", "email": "john@example.com"}
CHANGE = {"id": USER_ID, "email": "alice@example.org"}
DISMISS = {"action": "deactivate", "user": {"external_id": ALICE["external_id"]}}
JOHN = ALICE | ORDER | {"id": 6, "first_name": "", "last_name": ""}
DONE = {"status": "success", "message": "User synced successfully"}
NEXT = text("The panel's page to open then.", "/vps/17/", LONGEST_NEXT, pattern="^/")

DOORS = {
    "POST /api/users/sync": Door(
        id="syncUser",
        tag=TAG,
        summary="Say that a customer is new, changed or gone",
        about=(
            "Each may be said again. A new user has no password until one is set; `POST /api/users/{id}/login-link` lets "
            "them in. `deactivate` ends tokens, sessions and sockets at once. A member of the staff is never touched."
        ),
        body=people_bodies.SYNC,
        asks={
            "create": {"action": "create", "user": ORDER},
            "create again": {"action": "create", "user": ORDER | {"external_id": ALICE["external_id"]}},
            "update": {"action": "update", "user": CHANGE},
            "update with an unknown key": {"action": "update", "user": CHANGE | {"colour": "red"}},
            "deactivate": DISMISS,
            "deactivate again": DISMISS,
        },
        answers={
            200: Answer(
                "Changed, or so already.",
                ref("UserSynced"),
                {
                    "create again": DONE | {"user": ALICE},
                    "update": DONE | {"user": ALICE | CHANGE},
                    "update with an unknown key": DONE
                    | {"user": ALICE | CHANGE, "warnings": ["Unknown field ignored: user.colour"]},
                    "deactivate": DONE | {"user": ALICE | {"is_active": False}},
                    "deactivate again": DONE | {"user": ALICE | {"is_active": False}, "already_inactive": True},
                },
            ),
            201: Answer("Created.", ref("UserSynced"), {"create": DONE | {"user": JOHN}}),
        },
        refusals=(
            ValidationError,
            MissingFields,
            errors.UserNotFound,
            errors.StaffAccount,
            errors.UsernameTaken,
            errors.EmailTaken,
            errors.ExternalIdMismatch,
            errors.ExternalIdTaken,
        ),
    ),
    "POST /api/users/{id}/login-link": Door(
        id="createLoginLink",
        tag=TAG,
        summary="Make a link that logs a customer in",
        about="Good once, for 60 seconds; a newer link of the same user ends it.",
        body=thing({"next": NEXT}, optional=("next",)),
        is_body_optional=True,
        asks={"to the first page": {}, "to a page": {"next": "/vps/17/"}},
        answers={
            201: Answer(
                "The link.",
                ref("LoginLink"),
                {
                    name: {
                        "status": "success",
                        "url": "https://panel.example/login/link/N2xvbmdlci10aGFuLXRoaXM/",
                        "expires_at": "2025-10-27T10:31:00Z",
                    }
                    for name in ("to the first page", "to a page")
                },
            )
        },
        refusals=(ValidationError, errors.UserNotFound, errors.StaffAccount, errors.UserInactive),
    ),
}
