"""The main site at its endpoints for people, for the tests beside it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client


def send(path: str, body: dict[str, Any], **headers: str) -> Any:
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]} | headers)
    return client.post(path, body, content_type="application/json")


def sync(action: str, path: str = "/api/users/sync", **user: Any) -> Any:
    return send(path, {"action": action, "user": user})


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
