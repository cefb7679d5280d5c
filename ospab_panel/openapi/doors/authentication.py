"""/api/auth/…: how a customer's program comes by a token."""

from rest_framework.exceptions import ValidationError

from accounts.api import BadLogin, LoginInput, RefreshInput
from accounts.errors import BadToken, TooManyAttempts
from ospab_panel.openapi.door import Answer, Door
from ospab_panel.openapi.nouns.people import EXAMPLE as ALICE
from ospab_panel.openapi.shapes import Schema, ref, success, text
from ospab_panel.openapi.told import TOO_MANY_ATTEMPTS

TAG = "Authentication"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiNSJ9.c2lnbmF0dXJl"
PAIR = {
    "access": text("Opens the API, for 15 minutes.", JWT),
    "refresh": text("Good once, within 14 days, for a new pair.", JWT),
    "token": text("The same as `access`.", JWT),
}
PAIR_EXAMPLE = {"status": "success", "access": JWT, "refresh": JWT, "token": JWT}
ABOUT_FIELDS: dict[str, dict[str, Schema]] = {
    "LoginInput": {
        "username": {"description": "The username, or the e-mail address.", "examples": ["alice"]},
        "email": {"description": "In place of `username`.", "examples": ["alice@example.com"]},
        "password": {"description": "The password.", "examples": ["a long and winding password"]},
    },
    "RefreshInput": {"refresh": {"description": "A refresh token that was not spent yet.", "examples": [JWT]}},
}

DOORS = {
    "POST /api/auth/login": Door(
        id="logIn",
        tag=TAG,
        summary="Log in by username or e-mail address",
        about=(
            "After ten failures for one account from one address (of IPv6 a /64 is one), 15 minutes must pass, and after "
            "many more of an address, or of all. Where an account was logged in to before, no stranger locks it out. "
            "Wrong old passwords on the page where it is changed count too."
        ),
        body=LoginInput,
        asks={
            "by username": {"username": "alice", "password": "a long and winding password"},
            "by e-mail": {"email": "alice@example.com", "password": "a long and winding password"},
        },
        answers={
            200: Answer(
                "A pair of tokens.",
                success(**PAIR, user=ref("User")),
                {name: PAIR_EXAMPLE | {"user": ALICE} for name in ("by username", "by e-mail")},
            )
        },
        refusals=(ValidationError, BadLogin, TooManyAttempts),
    ),
    "POST /api/auth/refresh": Door(
        id="refreshTokens",
        tag=TAG,
        summary="Exchange a refresh token for a new pair",
        about=(
            "A refresh token is good once. One that was spent and comes again was copied by somebody: all tokens that have "
            "come of that login end, and it must be logged in anew. So let one process of yours refresh at a time."
        ),
        body=RefreshInput,
        asks={"refresh": {"refresh": JWT}},
        answers={200: Answer("A new pair.", success(**PAIR), {"refresh": PAIR_EXAMPLE})},
        refusals=(ValidationError, BadToken),
        limited=(TOO_MANY_ATTEMPTS,),
    ),
    "POST /api/auth/logout": Door(
        id="logOut",
        tag=TAG,
        summary="End a login",
        about="All tokens that have come of it end, access tokens too. One that is dead already is fine.",
        body=RefreshInput,
        asks={"log out": {"refresh": JWT}},
        answers={
            200: Answer(
                "It is dead now.",
                success(message=text("A sentence.", "Logged out")),
                {"log out": {"status": "success", "message": "Logged out"}},
            )
        },
        refusals=(ValidationError,),
    ),
    "GET /api/auth/me": Door(
        id="whoAmI",
        tag=TAG,
        summary="Whose token this is",
        answers={200: Answer("The user.", success(user=ref("User")), {"me": {"status": "success", "user": ALICE}})},
    ),
}
