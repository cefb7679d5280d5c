"""Who is at the other end of a socket: asked when it opens, and again and again while it is open. Sockets call it.

What a token or a session once proved ends when its user is deactivated, changes the password or logs out. All sockets of a
process are asked for at once, by as many statements as one is: what was found good before is not reckoned anew while the
rows behind it are as they were.
"""

import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils.crypto import constant_time_compare

from accounts import claims
from accounts.errors import BadToken
from accounts.models import User

FOR_EVER = float("inf")
KEY_OF_SESSION = re.compile(r"[a-z0-9]{8,40}")
SESSIONS = "SELECT session_key, session_data FROM django_session WHERE session_key = ANY(%s) AND expire_date > now()"
USERS = "SELECT id, password, token_version FROM users WHERE id = ANY(%s) AND is_active"
FAMILIES = "SELECT id, user_id FROM token_families WHERE id = ANY(%s) AND ended_at IS NULL"
sessions = import_module(settings.SESSION_ENGINE)


@dataclass(frozen=True, slots=True)
class Standing:
    """Who it is now. `until` is the time, in seconds since 1970, at which that ends at the latest."""

    user_id: int
    until: float


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database has of all who are asked for: sessions that have not expired, users who are active with their
    password's hash and token_version, and whose the families of tokens are that have not ended."""

    sessions: dict[str, str]
    users: dict[int, tuple[str, int]]
    families: dict[str, int]


class ByToken:
    """By an access token, under the rules of the API. Its signature is checked once."""

    __slots__ = ("given", "user_id")

    def __init__(self, token: str) -> None:
        try:
            self.given: claims.Claims | None = claims.read(token, "access")
        except BadToken:
            self.given = None
        self.user_id = self.given.user_id if self.given else None

    def standing(self, rows: Rows) -> Standing | None:
        given = self.given
        if given is None or given.expires_at <= time.time():
            return None
        _, version = rows.users.get(given.user_id, ("", None))
        is_alive = not given.family or rows.families.get(given.family) == given.user_id
        is_theirs = version == given.version and is_alive
        return Standing(given.user_id, until=float(given.expires_at)) if is_theirs else None


class BySession:
    """By the session of a browser. Whose page it is on, the caller must have made sure of."""

    __slots__ = ("data", "found_good", "hash", "key", "user_id")

    def __init__(self, key: str) -> None:
        self.key = key if KEY_OF_SESSION.fullmatch(key) else ""
        self.data: str | None = None
        self.user_id: int | None = None
        self.found_good: tuple[str, int] | None = None

    def read(self, data: str | None) -> None:
        """Whose the session says that it is. What it holds is signed."""
        if data == self.data:
            return
        held: dict[str, Any] = sessions.SessionStore().decode(data) if data else {}
        is_ours = held.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        self.data, self.found_good = data, None
        self.user_id = int(held[SESSION_KEY]) if is_ours and SESSION_KEY in held else None
        self.hash = held.get(HASH_SESSION_KEY) or ""

    def standing(self, rows: Rows) -> Standing | None:
        if self.user_id is None or (user := rows.users.get(self.user_id)) is None:
            return None
        if user != self.found_good:
            password, version = user
            hash = User(pk=self.user_id, password=password, token_version=version).get_session_auth_hash()
            self.found_good = user if constant_time_compare(self.hash, hash) else None
        return Standing(self.user_id, until=FOR_EVER) if self.found_good else None


# What somebody has come with.
Caller = ByToken | BySession


def standings(callers: Sequence[Caller]) -> list[Standing | None]:
    """Who each of them is, in their order; None is nobody any more. Three statements at most, so it is called in a thread."""
    by_session = [caller for caller in callers if isinstance(caller, BySession)]
    found = dict(asked(SESSIONS, {caller.key for caller in by_session if caller.key}))
    for caller in by_session:
        caller.read(found.get(caller.key))
    by_token = [caller for caller in callers if isinstance(caller, ByToken)]
    given = [caller.given for caller in by_token if caller.given]
    families = dict(asked(FAMILIES, {each.family for each in given if each.family}))
    users = asked(USERS, {caller.user_id for caller in callers if caller.user_id})
    rows = Rows(found, {id: (password, version) for id, password, version in users}, families)
    return [caller.standing(rows) for caller in callers]


def asked(question: str, keys: Collection[Any]) -> list[Any]:
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(question, [list(keys)])
        rows: list[Any] = cursor.fetchall()
        return rows
