"""Every kind of caller, and what each is answered at an address by each method: for the tables of permissions beside it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import person

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Staff own nothing here. Of the three "staff" has no right at all, and "viewer" may look at everything.
CALLERS = ("nobody", "owner", "stranger", "staff", "viewer", "superuser", "main site")
# The admin's addresses that are for everybody.
OPEN = {"admin/login/", "admin/password_change/"}
# What each of CALLERS is answered, in their order.
Answers = tuple[int, ...]


class Caller:
    """`program` calls the API, and `browser` everything else."""

    def __init__(self, program: Client, browser: Client) -> None:
        self.program, self.browser = program, browser

    def status(self, method: str, path: str) -> int:
        """What is answered; whatever it did is undone, so that every request finds the same."""
        client = self.program if path.startswith("/api/") else self.browser
        cookies, before = client.cookies.copy(), transaction.savepoint()
        response = client.generic(method, path, content_type="application/json")
        transaction.savepoint_rollback(before)
        client.cookies = cookies
        if path.startswith("/api/") and response.status_code == 405 and method != "HEAD":
            assert response.json()["code"] == "method_not_allowed"
        return int(response.status_code)


@pytest.fixture
def caller(request: Any, as_user: Any, with_token: Any, alice: Any, bob: Any, carol: Any, settings: Any) -> Caller:
    """Whom the test is parametrized by, of CALLERS."""
    if request.param in ("nobody", "main site"):
        key = {"x-api-key": settings.MAIN_SITE_API_KEYS[0]} if request.param == "main site" else {}
        return Caller(Client(headers=key), Client(headers=key))
    people = {"owner": alice, "stranger": bob, "superuser": carol}
    user = people.get(request.param) or staff(request.param)
    return Caller(with_token(user), as_user(user))


def staff(name: str, permissions: Any = None) -> Any:
    made = person(name, is_staff=True)
    rights = Permission.objects.filter(codename__startswith="view_") if name == "viewer" else permissions or []
    made.user_permissions.set(rights)
    return made


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address there is, as it stands in the URLs."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def filled(route: str, **values: Any) -> str:
    """The address of a route, its parameters filled in."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)
    return "/" + path.replace("^", "").replace("/?$", "")
