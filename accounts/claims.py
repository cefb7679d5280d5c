"""What a JWT of ours says, read once its signature and the shape of each claim are right. accounts.tokens calls it.

A signature tells who wrote a token and not that its claims can be used: no table and no clock is asked by one that we
would not have written so.
"""

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

from accounts.errors import BadToken
from web.integers import INT_MAX

LONGEST = 4096
ID = re.compile(r"[\w-]{1,64}", re.ASCII)
USER_ID = re.compile(r"[1-9][0-9]{0,9}")
# The end of the year 9999, after which there are no dates.
LAST_SECOND = 253_402_300_799
# Each is checked below, and not by the library, which takes 1.5 for a time and fails on a list.
BY_OURSELVES = {f"verify_{claim}": False for claim in ("aud", "iss", "exp", "iat", "nbf", "sub", "jti")}


@dataclass(frozen=True)
class Claims:
    """`id` is the token's own, `family` that of the login it comes from: empty in those of before there were families."""

    id: str
    family: str
    user_id: int
    version: int
    expires_at: int


def read(token: str, kind: str) -> Claims:
    """Of an `access` or a `refresh` token that has not expired. Raises BadToken."""
    given = claims_of(token, kind, rules("SIGNING_KEY"))
    if given.expires_at <= int(time.time()):
        raise BadToken
    return given


@lru_cache(maxsize=4096)
def claims_of(token: str, kind: str, key: str) -> Claims:
    """Whatever the hour. The same token says the same for ever, so who comes again with it is spared the work."""
    given = signed(token, key)
    for claim, ours in (("token_type", kind), ("aud", rules("AUDIENCE")), ("iss", rules("ISSUER"))):
        if given.get(claim) != ours:
            raise BadToken
    expires_at = whole(given.get("exp"), least=1, most=LAST_SECOND)
    whole(given.get("iat", 0), least=0, most=expires_at)
    if "nbf" in given:
        raise BadToken
    return Claims(
        id=text(given.get("jti"), ID),
        family=text(given["family"], ID) if "family" in given else "",
        user_id=user_id(given.get("user_id")),
        version=whole(given.get("version"), least=-INT_MAX, most=INT_MAX),
        expires_at=expires_at,
    )


def signed(token: str, key: str) -> dict[str, Any]:
    if not token.isascii() or len(token) > LONGEST:
        raise BadToken
    try:
        given: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[rules("ALGORITHM")],
            options=BY_OURSELVES,  # type: ignore[arg-type]
        )
    except jwt.PyJWTError as error:
        raise BadToken from error
    return given


def rules(name: str) -> str:
    return str(settings.SIMPLE_JWT[name])


def whole(value: Any, *, least: int, most: int) -> int:
    """JSON's true is Python's 1."""
    if type(value) is not int or not least <= value <= most:
        raise BadToken
    return value


def text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadToken
    return value


def user_id(value: Any) -> int:
    """Written as text, by habit of the library; as a number it means the same."""
    written = str(value) if type(value) is int else value
    return whole(int(text(written, USER_ID)), least=1, most=INT_MAX)
