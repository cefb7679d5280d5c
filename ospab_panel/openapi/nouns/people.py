"""A user of the panel, as programs of their own and as the main site see one."""

from ospab_panel.openapi.nouns.sync import FACTS
from ospab_panel.openapi.nouns.vps import ID_MAX, USER_ID
from ospab_panel.openapi.shapes import Schema, always, moment, or_null, ref, success, text, thing, truth, whole

USER_FIELDS: dict[str, Schema] = {
    "id": whole("The panel's id of the user: `user_id` of a VPS.", USER_ID, 1, ID_MAX),
    "username": text("The name to log in by; the e-mail address does as well.", "alice", 150),
    "email": text("The e-mail address.", "alice@example.com", 254),
}
USER = thing(USER_FIELDS, "A person who can log in.")
SYNCED_FIELDS: dict[str, Schema] = USER_FIELDS | {
    "external_id": text("The main site's own id of the user, unique for ever.", "customer-5", 191, minLength=1),
    "first_name": text("Empty where it is not known.", "Alice", 150),
    "last_name": text("Empty where it is not known.", "Liddell", 150),
    "is_active": truth("Whether the user may log in."),
}
SYNCED_USER = thing(
    SYNCED_FIELDS
    | {
        "external_id": or_null(SYNCED_FIELDS["external_id"]),
        "created_at": moment("When the account came into the panel."),
    },
    "A user as the main site sees one. `external_id` is null for who came otherwise.",
)

SYNCED = success(
    ("already_inactive", "warnings"),
    message=text("A sentence.", "User synced successfully"),
    user=ref("SyncedUser"),
    already_inactive=always(True, "The account was deactivated before: nothing was done."),
    warnings=FACTS["warnings"],
)
LINK = success(
    ("warnings",),
    url=text(
        "Send the customer's browser there: it shows one button, which logs in once.", "https://panel/login/link/4fT…/"
    ),
    expires_at=moment("When it is of no use any more: 60 s from now."),
    warnings=FACTS["warnings"],
)

EXAMPLE = {"id": USER_ID, "username": "alice", "email": "alice@example.com"}
SYNCED_EXAMPLE = EXAMPLE | {
    "external_id": "customer-5",
    "first_name": "Alice",
    "last_name": "Liddell",
    "is_active": True,
    "created_at": "2025-10-27T10:30:00Z",
}
