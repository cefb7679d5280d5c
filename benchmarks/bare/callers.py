"""Who is calling: the main site by its key, a customer by a token. benchmarks.bare.application asks it."""

import hmac
from typing import Any, NamedTuple

import jwt

from benchmarks.bare.refusal import Refused

RULES: Any = {"algorithms": ["HS256"], "audience": "ospab-panel", "issuer": "ospab-panel"}
RULES["options"] = {"require": ["exp", "token_type", "user_id", "version", "family"]}


class Bearer(NamedTuple):
    """What the token says. Whether it is still so the database knows."""

    user_id: int
    version: int
    family: str


class Callers:
    def __init__(self, api_key: str, signing_key: str) -> None:
        self.api_key, self.signing_key = api_key.encode(), signing_key

    def refuse_key(self, given: str) -> None:
        """Raises Refused, unless it is the main site's."""
        if not hmac.compare_digest(given.encode(), self.api_key):
            raise Refused(401, "invalid_api_key", "Invalid or missing API key")

    def bearer(self, header: str) -> Bearer:
        """Raises Refused where the token is not ours, or has expired."""
        scheme, _, token = header.partition(" ")
        try:
            claims = jwt.decode(token if scheme == "Bearer" else "", self.signing_key, **RULES)
            is_ours = claims["token_type"] == "access" and type(claims["version"]) is int
            bearer = Bearer(int(claims["user_id"]), claims["version"], str(claims["family"]))
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise bad_token() from error
        if not is_ours:
            raise bad_token()
        return bearer


def bad_token() -> Refused:
    return Refused(401, "invalid_token", "The token is not valid or has expired.")
