"""How callers and users are described. The endpoints beside it call it; web.openapi finds the callers by their class."""

from accounts import authentication
from accounts.errors import BadToken, TooManyAttempts
from accounts.user_shape import SyncedUserShape, UserShape
from web.openapi.endpoint import CALLERS, SUCCESS
from web.openapi.refusals import NO_TOKEN, OF_ALL, refusal
from web.openapi.shapes import component, example_of, many, moment, mostly_null, text, thing, truth, typed, whole

KEY = {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The main site's key."}}
ABOUT_TOKEN = "The `access` token of a login, for 15 minutes. `POST /api/auth/refresh` gives the next."  # noqa: S105
TOKEN = {"Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": ABOUT_TOKEN}}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiNSJ9.c2lnbmF0dXJl"
PAIR = {
    "access": text("Opens the API, for 15 minutes.", JWT),
    "refresh": text("Good once, within 14 days, for a new pair.", JWT),
    "token": text("The same as `access`.", JWT),
}
BY_NAME = {"username": "alice", "password": "a long and winding password"}
BY_EMAIL = {"email": "alice@example.com", "password": "a long and winding password"}
ATTEMPTS, KEY_IS_WRONG = refusal(TooManyAttempts, is_shown=False), refusal(authentication.InvalidApiKey)
OF_KEY, OF_TOKEN = [KEY_IS_WRONG, ATTEMPTS], [NO_TOKEN, refusal(BadToken)]
CALLERS |= {
    authentication.ApiKeyAuthentication: (KEY, OF_KEY),
    authentication.TokenAuthentication: (TOKEN, OF_TOKEN),
    authentication.KeyOrTokenAuthentication: (KEY | TOKEN, OF_KEY + OF_TOKEN),
}
OF_ALL += [KEY_IS_WRONG, OF_TOKEN[1]]

USER, SYNCED_USER = component("User", typed(UserShape)), component("SyncedUser", typed(SyncedUserShape))
URL = text("For the customer's browser: one button there logs in, once.", "https://panel.example/login/link/N2xv/")
WARNINGS = many(text("A sentence.", "Unknown field ignored: user.colour"), "Keys that were ignored.", minItems=1)
LINK = {"status": SUCCESS, "url": URL, "expires_at": moment("When it ends: 60 s from now."), "warnings": WARNINGS}
LOGIN_LINK = component("LoginLink", thing(LINK, optional=["warnings"]))
DONE = {"status": SUCCESS, "message": text("A sentence.", "User synced successfully"), "user": SYNCED_USER}
FACTS = {"already_inactive": truth("It was deactivated before.", True, const=True), "warnings": WARNINGS}
USER_SYNCED = component("UserSynced", thing(DONE | FACTS, optional=FACTS))
ALICE = example_of(SYNCED_USER)
NEXT = mostly_null(text("The address of the following page, or null.", "/api/users/sync?after=5&limit=1000"))
COUNT = whole("How many are on this page.", 1, minimum=0)
PAGE = {"status": SUCCESS, "count": COUNT, "users": many(SYNCED_USER, "In id order."), "next": NEXT}
USERS = component("UserPage", thing(PAGE))
CHANGED, GONE = ALICE | {"email": "alice@example.org"}, ALICE | {"is_active": False}
JOHN = {"external_id": "customer-6", "username": "john", "email": "john@example.com"}
CREATE = {"action": "create", "user": JOHN}
CREATED = ALICE | JOHN | {"id": 6, "first_name": "", "last_name": ""}
CREATE_AGAIN = {"action": "create", "user": JOHN | {"external_id": "customer-5"}}
UPDATE = {"action": "update", "user": {"id": 5, "email": "alice@example.org"}}
COLOUR = {"action": "update", "user": {"id": 5, "email": "alice@example.org", "colour": "red"}}
DISMISS = {"action": "deactivate", "user": {"external_id": "customer-5"}}
CREATIONS = {"create": {"sent": CREATE, "user": CREATED}}
CHANGES = {
    "create again": {"sent": CREATE_AGAIN},
    "update": {"sent": UPDATE, "user": CHANGED},
    "update with an unknown key": {"sent": COLOUR, "user": CHANGED, "warnings": example_of(WARNINGS)},
    "deactivate": {"sent": DISMISS, "user": GONE},
    "deactivate again": {"sent": DISMISS, "user": GONE, "already_inactive": True},
}
