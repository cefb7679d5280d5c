"""The main site at its doors for people, for the tests beside it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client


def send(path: str, body: dict[str, Any], **headers: str) -> Any:
    client = Client(headers={"x-api-key": settings.VPS_SYNC_API_KEYS[0]} | headers)
    return client.post(path, body, content_type="application/json")


def tell(action: str, path: str = "/api/users/sync", **user: Any) -> Any:
    return send(path, {"action": action, "user": user})


def at_once(what: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
    """What each of these came to, seven at a time, each with a connection of its own: the pool has eight, with ours."""

    def alone(one: Any) -> Any:
        try:
            return what(one)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=7) as pool:
        return list(pool.map(alone, given))


def waiting() -> int:
    """How many connections wait for a lock of somebody else's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.fixture
def link_for(db: None, static_files: None) -> Callable[..., str]:
    """The address of a link for this user, as a path."""

    def make(user: Any, **body: Any) -> str:
        url: str = send(f"/api/users/{user.pk}/login-link", body).json()["url"]
        return url.removeprefix(settings.PANEL_URL)

    return make
