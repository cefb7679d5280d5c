"""The main site at its endpoints for people, and a mailbox, for the tests beside it."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.mails import send_due


def send(path: str, body: dict[str, Any], **headers: str) -> Any:
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]} | headers)
    return client.post(path, body, content_type="application/json")


def sync(action: str, path: str = "/api/users/sync", **user: Any) -> Any:
    return send(path, {"action": action, "user": user})


def statements_of(queries: Any) -> list[str]:
    """What was asked of the database, without the values: the time that it takes."""
    return [re.sub(r"'(?:[^']|'')*'|\b\d+\b|\"s\w+_x\d+\"", "…", query["sql"]) for query in queries]


# Half of the pool of connections.
AT_ONCE = 4


def at_once(what: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
    """What each of these came to, some at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: alone(what, one), given))


def alone(what: Callable[[Any], Any], one: Any) -> Any:
    """With a connection of its own, which it gives back."""
    try:
        return what(one)
    finally:
        connection.close()


@pytest.fixture
def link_for(db: None, static_files: None) -> Callable[..., str]:
    """The address of a link for this user, as a path."""

    def make(user: Any, **body: Any) -> str:
        url: str = send(f"/api/users/{user.pk}/login-link", body).json()["url"]
        return url.removeprefix(settings.PANEL_URL)

    return make


class Mailbox:
    """What workers have sent, to whomever."""

    def sent(self, to: str = "") -> list[Any]:
        """Once all that is due is sent. In the order in which it went out."""
        send_due()
        return [message for message in mail.outbox if to in ("", *message.to)]

    def link(self, to: str) -> str:
        """The address in the newest mail to them, as a path."""
        found = re.findall(rf"^{re.escape(settings.PANEL_URL)}(/\S+)$", self.sent(to)[-1].body, re.MULTILINE)
        assert len(found) == 1
        return str(found[0])


@pytest.fixture
def mailbox(db: None, settings: Any, static_files: None) -> Mailbox:
    """Mails are on, and go here."""
    settings.MAILS_ARE_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return Mailbox()
