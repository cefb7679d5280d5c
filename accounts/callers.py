"""Who is at the other end of a socket: asked when it opens, and again and again while it is open. Sockets call it.

What a token or a session once proved ends when its user is deactivated, changes the password or logs out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts import tokens
from accounts.errors import BadToken
from accounts.models import User

FOR_EVER = float("inf")
KEY_OF_SESSION = re.compile(r"[a-z0-9]{8,40}")
sessions = import_module(settings.SESSION_ENGINE)


@dataclass(frozen=True)
class Standing:
    """Who it is now. `until` is the time, in seconds since 1970, at which that ends at the latest."""

    user: User
    until: float


# None: nobody any more. It asks the database, so a socket calls it in a thread.
Caller = Callable[[], Standing | None]


def of_token(token: str) -> Standing | None:
    """By an access token, under the rules of the API."""
    try:
        bearer = tokens.bearer(token)
    except BadToken:
        return None
    return Standing(bearer.user, until=float(bearer.until))


def of_session(key: str) -> Standing | None:
    """By the session of a browser. Whose page it is on, the caller must have made sure of."""
    if not KEY_OF_SESSION.fullmatch(key):
        return None
    request = HttpRequest()
    request.session = sessions.SessionStore(key)
    user = get_user(request)
    return Standing(user, until=FOR_EVER) if isinstance(user, User) else None
