"""Every URL against every kind of caller, as one table. An address that is missing from it fails the suite."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from vps.models import Operation, SyncCall, WebhookEndpoint

CALLERS = ("nobody", "owner", "stranger", "staff", "main site")
LOGIN, GONE = 302, 404

# To each route its method and what nobody, the owner, a stranger, staff and the main site get. Staff own nothing here.
DOORS: dict[str, tuple[str, tuple[int, int, int, int, int]]] = {
    "healthz": ("GET", (200, 200, 200, 200, 200)),
    "readyz": ("GET", (200, 200, 200, 200, 200)),
    "api/schema": ("GET", (200, 200, 200, 200, 200)),
    "api/docs": ("GET", (200, 200, 200, 200, 200)),
    "api/auth/login": ("POST", (400, 400, 400, 400, 400)),
    "api/auth/refresh": ("POST", (400, 400, 400, 400, 400)),
    "api/auth/logout": ("POST", (400, 400, 400, 400, 400)),
    "api/auth/me": ("GET", (401, 200, 200, 200, 401)),
    "api/^vps/sync/?$": ("POST", (401, 401, 401, 401, 400)),
    "api/^vps/sync/batch/?$": ("POST", (401, 401, 401, 401, 400)),
    "api/users/^sync/?$": ("POST", (401, 401, 401, 401, 400)),
    "api/users/<id:id>/login-link": ("POST", (401, 401, 401, 401, 201)),
    "api/vps": ("GET", (401, 200, 200, 200, 401)),
    "api/vps/<id:id>": ("GET", (401, 200, GONE, GONE, 401)),
    "api/vps/<id:id>/start": ("POST", (401, 202, GONE, GONE, 401)),
    "api/vps/<id:id>/stop": ("POST", (401, 202, GONE, GONE, 401)),
    "api/vps/<id:id>/restart": ("POST", (401, 202, GONE, GONE, 401)),
    "api/vps/<id:id>/reboot": ("POST", (401, 202, GONE, GONE, 401)),
    "api/vps/<id:id>/stats": ("GET", (401, 200, GONE, GONE, 401)),
    "api/vps/<id:id>/operations": ("GET", (401, 200, GONE, GONE, 401)),
    "api/operations/<id:id>": ("GET", (401, 200, GONE, GONE, 401)),
    "api/events": ("GET", (401, 200, 200, 200, 200)),
    "language/setlang/": ("POST", (302, 302, 302, 302, 302)),
    "login/": ("GET", (200, 302, 302, 302, 200)),
    "login/link/<slug:token>/": ("GET", (410, 410, 410, 410, 410)),
    "logout/": ("POST", (302, 302, 302, 302, 302)),
    "profile/": ("GET", (LOGIN, 200, 200, 200, LOGIN)),
    "profile/password/": ("GET", (LOGIN, 200, 200, 200, LOGIN)),
    "": ("GET", (LOGIN, 200, 200, 200, LOGIN)),
    "vps/<id:id>/": ("GET", (LOGIN, 200, GONE, GONE, LOGIN)),
    "vps/<id:id>/row/": ("GET", (LOGIN, 200, GONE, GONE, LOGIN)),
    "vps/<id:id>/status/": ("GET", (LOGIN, 200, GONE, GONE, LOGIN)),
    "vps/<id:id>/history/<slug:timeframe>/": ("GET", (LOGIN, 200, GONE, GONE, LOGIN)),
    "vps/<id:id>/power/<slug:name>/": ("POST", (LOGIN, 302, GONE, GONE, LOGIN)),
    "vps/<id:id>/<slug:name>/": ("POST", (LOGIN, 302, GONE, GONE, LOGIN)),
}
ADMIN = ("GET", (LOGIN, LOGIN, LOGIN, 200, LOGIN))
OWN_ADMIN_PAGES = (
    "admin/",
    "admin/accounts/user/",
    "admin/auth/group/",
    "admin/vps/vps/",
    "admin/vps/vps/{vps}/change/",
    "admin/vps/cluster/",
    "admin/vps/cluster/add/",
    "admin/vps/cluster/{cluster}/change/",
    "admin/vps/cluster/{cluster}/health/",
    "admin/vps/cluster/{cluster}/guests/",
    "admin/vps/operation/",
    "admin/vps/event/",
    "admin/vps/synccall/",
    "admin/vps/synccall/{call}/change/",
    "admin/vps/webhookendpoint/",
    "admin/vps/webhookendpoint/add/",
    "admin/vps/webhookendpoint/{endpoint}/change/",
    "admin/vps/webhookendpoint/{endpoint}/secret/",
    "admin/vps/webhookdelivery/",
    "admin/vps/webhookattempt/",
)


def routes(patterns: Any = None, prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += [] if route == "admin/" else routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            found.append(route)
    return found


def test_the_table_has_every_address_of_the_panel() -> None:
    assert sorted(routes()) == sorted(DOORS)


@pytest.fixture
def callers(as_user: Any, with_token: Any, alice: Any, bob: Any, carol: Any, settings: Any) -> Any:
    people = {"owner": alice, "stranger": bob, "staff": carol}

    def caller(who: str, route: str) -> Client:
        if who in people:
            return with_token(people[who]) if route.startswith("api/") else as_user(people[who])
        return Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]} if who == "main site" else {})

    return caller


@pytest.mark.parametrize("route", DOORS)
def test_each_door_opens_to_whom_it_should(route: str, callers: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    closed = Operation.objects.create(
        vps=vps,
        kind="stop",
        state="succeeded",
        source="page",
        deadline_at="2026-01-01T00:00Z",
        finished_at="2026-01-01T00:00Z",
    )
    id = {"api/operations/<id:id>": closed.pk, "api/users/<id:id>/login-link": alice.pk}.get(route, vps.pk)
    path = "/" + route.replace("^", "").replace("/?$", "").replace("<id:id>", str(id))
    path = path.replace("<slug:timeframe>", "hour").replace("<slug:name>", "reboot").replace("<slug:token>", "x")
    method, expected = DOORS[route]
    got = {}
    for who in ("nobody", "stranger", "staff", "main site", "owner"):
        client = callers(who, route)
        send = client.get if method == "GET" else client.post
        got[who] = send(path, **({} if method == "GET" else {"content_type": "application/json"})).status_code
    assert got == dict(zip(CALLERS, expected, strict=True))


@pytest.mark.parametrize("path", OWN_ADMIN_PAGES)
def test_the_admin_opens_to_staff_alone(path: str, callers: Any, alice: Any, make_vps: Any, cluster: Any) -> None:
    call = SyncCall.objects.create(status=200, duration_ms=1)
    endpoint = WebhookEndpoint.objects.create(name="main site", url="https://main.example.com", secret="s", cursor=0)
    things = {"vps": make_vps(alice).pk, "cluster": cluster.pk, "call": call.pk, "endpoint": endpoint.pk}
    address = "/" + path.format(**things)
    got = tuple(callers(who, path).get(address).status_code for who in CALLERS)
    assert got == ADMIN[1]


@pytest.mark.parametrize(
    "route", [route for route, (method, _) in DOORS.items() if method == "POST" and not route.startswith("api/")]
)
def test_a_form_without_its_token_changes_nothing(route: str, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    path = "/" + route.replace("<id:id>", str(vps.pk)).replace("<slug:name>", "reboot")
    assert browser.post(path).status_code == 403
    assert not Operation.objects.exists()
