"""Users with a server each, their tokens and their sessions. For `sockets`."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction

from accounts import tokens
from accounts.models import User
from accounts.sessions import SessionStore
from benchmarks.customers import ORDER
from vps.models import Event, Vps


class Readers:
    def __init__(self, count: int) -> None:
        named = [f"reader-{number}" for number in range(count)]
        users = User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in named])
        columns: Any = ORDER | {"status": "running"}
        self.vpses = Vps.objects.bulk_create([Vps(user=user, **columns) for user in users])
        self.tokens = [tokens.issue(user).access for user in users]
        self.cookies = [session_of(user) for user in users]

    def change(self) -> float:
        """One transaction records an event of each, and rings by itself. Returns when it began to commit."""
        data = {"changed": ["cpu"]}
        events = [
            Event(type="vps.updated", vps_id=vps.pk, user_id=vps.user_id, source="sync", data=data)
            for vps in self.vpses
        ]
        with transaction.atomic():
            Event.objects.record_all(events)
            return time.monotonic()


def session_of(user: User) -> str:
    """The key of a session as a login makes it."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
