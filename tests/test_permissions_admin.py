"""Every address of the admin by every method for every kind of caller: as one table, with the permission that each needs."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from accounts.models import Mail
from tests.callers import CALLERS, OPEN, Answers, Caller, caller, filled, routes, staff
from vps.models import (
    Event,
    Operation,
    SyncCall,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = ["caller"]

LOGIN = 302
# Who may, in the order in which more may.
STAFF, VIEW, SUPERUSER, NOBODY = "staff", "view", "superuser", "nobody"
ADD, CHANGE, DELETE = "add", "change", "delete"
# Django's admin knows forms and looks: what is neither is a look to it. One page is a lot to render.
METHODS = ("GET", "POST", "DELETE")

# (who may look, what is answered, who may send a form, what an empty one is answered). Who is None: there is no such method.
Row = tuple[str | None, int, str | None, int]
LOOK: Row = (VIEW, 200, VIEW, 200)
NOT: Row = (NOBODY, 403, NOBODY, 403)
REDIRECT: Row = (STAFF, 302, STAFF, 302)
# The list of one app's models, which whoever may look at none of them finds nowhere.
APP = "<app_label>/"
SITE: dict[str, Row] = {
    "": (STAFF, 200, STAFF, 200),
    "logout/": (None, 405, STAFF, 302),
    "password_change/done/": (STAFF, 200, None, 405),
    "autocomplete/": (NOBODY, 403, None, 405),
    "jsi18n/": (STAFF, 200, None, 405),
    "r/<path:content_type_id>/<path:object_id>/": (STAFF, 404, STAFF, 404),
    APP: (VIEW, 200, VIEW, 200),
    "(?P<url>.*)$": (STAFF, 404, STAFF, 404),
}
ONE = "<path:object_id>/"
READ_ONLY: dict[str, Row] = {
    "": LOOK,
    "add/": NOT,
    f"{ONE}history/": LOOK,
    f"{ONE}delete/": NOT,
    f"{ONE}change/": (VIEW, 200, NOBODY, 403),
    ONE: REDIRECT,
}
TO_CHANGE = READ_ONLY | {f"{ONE}change/": (VIEW, 200, CHANGE, 200)}
TO_ADD = TO_CHANGE | {"add/": (ADD, 200, ADD, 200)}
MODELS: dict[str, dict[str, Row]] = {
    "accounts/user": TO_ADD
    | {f"{ONE}delete/": (DELETE, 200, DELETE, 200), "<id>/password/": (CHANGE, 200, CHANGE, 200)},
    "accounts/mail": READ_ONLY,
    "auth/group": READ_ONLY
    | {
        "add/": (SUPERUSER, 200, SUPERUSER, 200),
        f"{ONE}change/": (VIEW, 200, SUPERUSER, 200),
        f"{ONE}delete/": (SUPERUSER, 200, SUPERUSER, 200),
    },
    "vps/vps": READ_ONLY | {f"{ONE}change/": (VIEW, 200, CHANGE, 302), "<int:id>/unbind/": (None, 405, CHANGE, 200)},
    "vps/cluster": TO_ADD
    | {
        f"{ONE}delete/": (DELETE, 200, DELETE, 200),
        "<int:id>/test/": (None, 405, CHANGE, 302),
        "<int:id>/health/": (CHANGE, 200, CHANGE, 200),
        "<int:id>/guests/": (CHANGE, 200, CHANGE, 200),
        "<int:id>/bind/": (None, 405, CHANGE, 404),
    },
    "vps/operation": READ_ONLY,
    "vps/event": READ_ONLY,
    "vps/synccall": READ_ONLY,
    "vps/webhookendpoint": TO_ADD
    | {
        "<int:id>/secret/": (CHANGE, 200, CHANGE, 200),
        **{f"<int:id>/{verb}/": (None, 405, CHANGE, 302) for verb in ("test", "enable", "disable")},
        "<int:id>/rotate/": (None, 405, CHANGE, 200),
        "send-now/": (None, 405, CHANGE, 302),
    },
    "vps/webhookdelivery": READ_ONLY,
    "vps/webhookattempt": READ_ONLY,
}
TABLE: dict[str, Row] = {f"admin/{route}": row for route, row in SITE.items()} | {
    f"admin/{model}/{route}": row for model, pages in MODELS.items() for route, row in pages.items()
}

# Each permission, and what it alone opens: (route, method, answer).
OPENED: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
for route, (look, looked, send, sent) in TABLE.items():
    for who, method, status in ((look, "GET", looked), (send, "POST", sent)):
        if who in (VIEW, ADD, CHANGE, DELETE) and route != f"admin/{APP}":
            OPENED.setdefault((route.split("/")[2], who), []).append((route, method, status))


@pytest.fixture
def addresses(alice: Any, make_vps: Any, bind: Any, cluster: Any) -> dict[str, str]:
    """To each route its address, of a thing that is there."""
    vps = make_vps(alice)
    bind(vps)
    at = "2026-01-01T00:00Z"
    operation = Operation.objects.create(
        vps=vps, kind="stop", state="succeeded", source="page", deadline_at=at, finished_at=at
    )
    endpoint = WebhookEndpoint.objects.create(name="main site", url="https://main.example.com", secret="s", cursor=0)
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, type="webhook.test", body="{}", next_at=at)
    things = {
        "accounts/user": alice,
        "accounts/mail": Mail.objects.create(purpose="password_changed", user=alice),
        "auth/group": Group.objects.create(name="support"),
        "vps/vps": vps,
        "vps/cluster": cluster,
        "vps/operation": operation,
        "vps/event": Event.objects.create(type="vps.created", vps=vps, user=alice, source="sync"),
        "vps/synccall": SyncCall.objects.create(status=200, duration_ms=1),
        "vps/webhookendpoint": endpoint,
        "vps/webhookdelivery": delivery,
        "vps/webhookattempt": WebhookAttempt.objects.create(delivery=delivery, status=500, took_ms=1),
    }
    return {route: address(route, things) for route in TABLE}


def address(route: str, things: dict[str, Any]) -> str:
    route = route.replace("(?P<url>.*)$", "nothing/")
    thing = things.get("/".join(route.split("/")[1:3]))
    key = thing.pk if thing else 1
    return filled(route, id=key, object_id=key, content_type_id=1, app_label="vps")


def expected(route: str, method: str) -> Answers:
    look, looked, send, sent = TABLE[route]
    who, status = (look, looked) if method == "GET" or (send and method != "POST") else (send, sent)
    granted = {None: 3, STAFF: 3, VIEW: 2, NOBODY: 0}.get(who, 1)
    refused = 404 if route == f"admin/{APP}" else 403
    return (LOGIN, LOGIN, LOGIN, *(status if 3 - at <= granted else refused for at in range(3)), LOGIN)


def test_permissions_have_every_model_of_the_admin() -> None:
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(MODELS)


def test_permissions_have_every_address_of_the_admin() -> None:
    found = {re.sub(r"\^\(\?P<app_label>.*", APP, route) for route in routes() if route.startswith("admin/")}
    assert found - OPEN == set(TABLE)


@pytest.mark.parametrize("caller", CALLERS, indirect=True)
def test_permissions_of_the_admin_are_as_in_the_table(caller: Caller, request: Any, addresses: dict[str, str]) -> None:
    who = CALLERS.index(request.node.callspec.params["caller"])
    got = {(method, route): caller.status(method, path) for route, path in addresses.items() for method in METHODS}
    wrong = {
        f"{method} {route}": f"{status} and not {expected(route, method)[who]}"
        for (method, route), status in got.items()
        if status != expected(route, method)[who]
    }
    assert not wrong, wrong


@pytest.mark.parametrize(("model", "right"), OPENED)
def test_permission_opens_its_own_addresses_of_the_admin(
    model: str, right: str, addresses: dict[str, str], as_user: Any
) -> None:
    """One right is enough, and all rights over other models, and the look at this one, are not."""
    others = Permission.objects.exclude(content_type__model=model) | Permission.objects.filter(
        codename__startswith="view_"
    )
    # Django lets nobody add a user who may not change users.
    rights = [right, CHANGE] if (model, right) == ("user", ADD) else [right]
    holder = as_user(staff("holder", Permission.objects.filter(codename__in=[f"{one}_{model}" for one in rights])))
    colleague = as_user(staff("colleague", others))
    for route, method, status in OPENED[model, right]:
        assert (route, Caller(holder, holder).status(method, addresses[route])) == (route, status)
        if right != VIEW:
            assert (route, Caller(colleague, colleague).status(method, addresses[route])) == (route, 403)
