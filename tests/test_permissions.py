"""Every address of the panel by every method for every kind of caller, as one table. What is missing in it fails the suite.

The admin's addresses have a table of their own, in test_permissions_admin.py.
"""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.callers import CALLERS, METHODS, OPEN, Answers, Caller, caller, filled, routes
from tests.verbs import WITH_ADDRESS
from vps.models import ExternalId, Notice, Operation

__all__ = ["caller"]

LOGIN, GONE = 302, 404


def all_are(status: int) -> Answers:
    return (status,) * len(CALLERS)


def users(status: int) -> Answers:
    """Whoever has an account, and no key."""
    return (401, status, status, status, status, status, 401)


def owner(status: int) -> Answers:
    return (401, status, GONE, GONE, GONE, GONE, 401)


def main_site(status: int) -> Answers:
    return (401, 401, 401, 401, 401, 401, status)


def page(status: int) -> Answers:
    return (LOGIN, status, status, status, status, status, LOGIN)


def page_of_owner(status: int) -> Answers:
    return (LOGIN, status, GONE, GONE, GONE, GONE, LOGIN)


# To each route its methods, and what the callers get; by any other method it is 405, or 401 where they would get that.
ENDPOINTS: dict[str, dict[str, Answers]] = {
    "healthz": {"*": all_are(200)},
    "readyz": {"*": all_are(200)},
    "api/schema": {"GET": all_are(200)},
    "api/docs": {"GET": all_are(200)},
    "api/auth/login": {"POST": all_are(400)},
    "api/auth/refresh": {"POST": all_are(400)},
    "api/auth/logout": {"POST": all_are(400)},
    "api/auth/me": {"GET": users(200)},
    "api/^vps/sync/?$": {"GET": main_site(200), "POST": main_site(400)},
    "api/^vps/sync/batch/?$": {"POST": main_site(400)},
    "api/users/^sync/?$": {"GET": main_site(200), "POST": main_site(400)},
    "api/users/<id:id>/login-link": {"POST": main_site(201)},
    "api/users/external/<path:external_id>/login-link": {"POST": main_site(201)},
    **{
        f"api/vps/sync/{which}{read}": {"GET": main_site(200)}
        for which in ("<id:id>", "external/<path:external_id>")
        for read in ("", "/stats", "/operations")
    },
    **{
        f"api/vps/sync/{which}/{name}": {"POST": main_site(202)}
        for which in ("<id:id>", "external/<path:external_id>")
        for name in WITH_ADDRESS
    },
    "api/vps": {"GET": users(200)},
    "api/vps/<id:id>": {"GET": owner(200)},
    **{f"api/vps/<id:id>/{name}": {"POST": owner(202)} for name in WITH_ADDRESS},
    "api/vps/<id:id>/stats": {"GET": owner(200)},
    "api/vps/<id:id>/operations": {"GET": owner(200)},
    "api/operations/<id:id>": {"GET": (401, 200, GONE, GONE, GONE, GONE, 200)},
    "api/events": {"GET": (401, 200, 200, 200, 200, 200, 200)},
    "language/setlang/": {"*": all_are(302)},
    "login/": {
        "GET HEAD POST PUT OPTIONS": (200, 302, 302, 302, 302, 302, 200),
        "*": (405, 302, 302, 302, 302, 302, 405),
    },
    "login/link/<slug:token>/": {"GET HEAD POST": all_are(410)},
    "password/forgot/": {"GET HEAD POST": all_are(200)},
    "password/forgot/sent/": {"GET HEAD": all_are(200)},
    "password/reset/<slug:token>/": {"GET HEAD POST": all_are(410)},
    "email/confirm/<slug:token>/": {"GET HEAD POST": all_are(410)},
    "logout/": {"POST": all_are(302), "OPTIONS": all_are(200)},
    "profile/": {"*": page(200)},
    # Of the demo alone.
    **{f"demo/mail/{rest}": {"*": all_are(404)} for rest in ("", "<slug:name>/", "<slug:name>/html/")},
    "profile/password/": {"GET HEAD POST PUT OPTIONS": page(200), "*": page(405)},
    "profile/email/": {"GET HEAD POST": page(200)},
    "profile/email/cancel/": {"POST": page(302)},
    "admin/login/": {
        # To the panel's own page of logging in, or on; a customer is refused.
        "GET": (302, 403, 403, 302, 302, 302, 302),
        "HEAD": (302, 403, 403, 200, 200, 200, 302),
        "POST PUT OPTIONS": all_are(200),
        "*": all_are(405),
    },
    "admin/password_change/": {"*": all_are(302)},
    "": {"GET": page(200)},
    "notices/": {"GET": page(200)},
    "notices/seen/": {"POST": page(302)},
    "notices/<id:id>/seen/": {"POST": page_of_owner(302)},
    "rows/": {"GET": page(200)},
    # Of no server at all, as here, and of those of others there is nothing.
    "power/": {"GET": page(404)},
    "power/<slug:name>/": {"GET POST": page(404)},
    "vps/<id:id>/": {"GET": page_of_owner(200)},
    "vps/<id:id>/row/": {"GET": page_of_owner(200)},
    "vps/<id:id>/status/": {"GET": page_of_owner(200)},
    **{f"vps/<id:id>/{tab}/": {"GET": page_of_owner(200)} for tab in ("graphs", "activity", "settings")},
    "vps/<id:id>/history/<slug:timeframe>/": {"GET": page_of_owner(200)},
    # The second is for a page that was opened before the release that moved it.
    "vps/<id:id>/power/<slug:name>/": {"GET": page_of_owner(200), "POST": page_of_owner(302)},
    "vps/<id:id>/<slug:name>/": {"GET": page_of_owner(200), "POST": page_of_owner(302)},
}
PAGES = [route for route in ENDPOINTS if not route.startswith("api/")]
VALUES = {"timeframe": "hour", "name": "reboot", "token": "x", "external_id": "order/1042"}


def expected(route: str, method: str) -> Answers:
    methods = ENDPOINTS[route]
    listed = next((answers for names, answers in methods.items() if method in names.split()), methods.get("*"))
    return listed or refused(route, next(iter(methods.values())))


def refused(route: str, answers: Answers) -> Answers:
    """The API asks who is calling before it asks for what; pages take no method of which they know nothing."""
    return tuple(401 if route.startswith("api/") and status == 401 else 405 for status in answers)


def test_permissions_have_every_address_of_the_panel() -> None:
    assert sorted(set(ENDPOINTS)) == sorted(
        {route for route in routes() if not route.startswith("admin/") or route in OPEN}
    )


@pytest.mark.parametrize("caller", CALLERS, indirect=True)
def test_permissions_are_as_in_the_table(
    caller: Caller, request: Any, alice: Any, make_vps: Any, bind: Any, settings: Any
) -> None:
    settings.MAILS_ARE_ON = True
    vps = make_vps(alice)
    bind(vps)
    ExternalId.objects.create(external_id=VALUES["external_id"], vps_id=vps.pk)
    User.objects.filter(pk=alice.pk).update(external_id=VALUES["external_id"])
    ids = {"api/operations/<id:id>": ended(vps).pk, "api/users/<id:id>/login-link": alice.pk}
    ids["notices/<id:id>/seen/"] = Notice.objects.create(user=alice, vps=vps, vps_name="shop", outcome="deleted").pk
    who = CALLERS.index(request.node.callspec.params["caller"])
    paths = {route: filled(route, id=ids.get(route, vps.pk), **VALUES) for route in ENDPOINTS}
    got = {(method, route): caller.status(method, path) for route, path in paths.items() for method in METHODS}
    wrong = {
        f"{method} {route}": f"{status} and not {expected(route, method)[who]}"
        for (method, route), status in got.items()
        if status != expected(route, method)[who]
    }
    assert not wrong, wrong


def ended(vps: Any) -> Operation:
    at = "2026-01-01T00:00Z"
    made: Operation = Operation.objects.create(
        vps=vps, kind="stop", state="succeeded", source="page", deadline_at=at, finished_at=at
    )
    return made


@pytest.mark.parametrize("route", PAGES)
def test_permissions_let_a_form_without_its_token_change_nothing(
    route: str, alice: Any, make_vps: Any, bind: Any, settings: Any
) -> None:
    settings.MAILS_ARE_ON = True
    vps = make_vps(alice)
    bind(vps)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    assert browser.post(filled(route, id=vps.pk, **VALUES)).status_code == 403
    assert not Operation.objects.exists()
