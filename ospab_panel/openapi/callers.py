"""How who calls proves it, by the classes that each door names. Called by `operation` and `generator`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated

from accounts.authentication import (
    ApiKeyAuthentication,
    InvalidApiKey,
    KeyOrTokenAuthentication,
    TokenAuthentication,
)
from accounts.errors import BadToken
from ospab_panel.openapi.door import Refusal
from ospab_panel.openapi.shapes import Schema
from ospab_panel.openapi.told import TOO_MANY_ATTEMPTS, Told

SCHEMES: dict[str, Schema] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The main site's key."},
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access` token of a login, for 15 minutes. `POST /api/auth/refresh` gives the next.",
    },
}
TAKES: dict[type[BaseAuthentication], list[str]] = {
    ApiKeyAuthentication: ["ApiKey"],
    TokenAuthentication: ["Bearer"],
    KeyOrTokenAuthentication: ["ApiKey", "Bearer"],
}
REFUSED: dict[str, tuple[Refusal, ...]] = {
    "ApiKey": (InvalidApiKey,),
    "Bearer": (NotAuthenticated, BadToken),
}
# What is said to callers of each who come with too many wrong ones.
LIMITED: dict[str, tuple[Told, ...]] = {"ApiKey": (TOO_MANY_ATTEMPTS,), "Bearer": ()}
