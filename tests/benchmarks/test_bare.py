"""The bare reference answers as the panel does, byte for byte, and leaves the same rows: else it would be no reference."""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg_pool import ConnectionPool

from accounts.models import TokenFamily, User
from benchmarks.bare.application import OPENED, Bare
from benchmarks.bare.callers import Callers
from tests.simulated import wait_for
from vps.models import Cluster, Event, ExternalId, Suspension, SyncCall, Vps

pytestmark = pytest.mark.django_db(transaction=True)
Call = Callable[..., tuple[int, bytes]]
ORDER = {"name": "Блог-01", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
# What no two servers share.
OWN = re.compile(rb'"(id|created_at|updated_at|external_id)":[^,}]+')


@pytest.fixture
def bare(db: None) -> Iterator[Call]:
    """Calls the bare reference, on the tests' own database, as the HTTP server would."""
    with connection.cursor():
        address = connection.connection.info.dsn
    key = settings.MAIN_SITE_API_KEYS[0]
    with ConnectionPool(address, min_size=1, kwargs=OPENED, open=True) as pool:
        application = Bare(pool, Callers(key, settings.JWT_SIGNING_KEY))

        def call(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
            given, statuses = json.dumps(body).encode(), []
            environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(given))}
            environ |= {"wsgi.input": io.BytesIO(given), "HTTP_X_API_KEY": key} | headers
            answer = application(environ, lambda status, headers: statuses.append(int(status[:3])))
            return statuses[0], b"".join(answer)

        yield call


@pytest.fixture
def panel(db: None) -> Call:
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})

    def call(body: Any) -> tuple[int, bytes]:
        answer = client.post("/api/vps/sync", body, content_type="application/json")
        return answer.status_code, answer.content

    return call


def command(action: str, **vps: Any) -> dict[str, Any]:
    return {"action": action, "vps": vps}


def alike(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    return answer[0], OWN.sub(rb"\1", answer[1])


def rows_of(model: Any, *but: str) -> list[dict[str, Any]]:
    """What two servers leave behind, in the order of their coming, without what is each one's own."""
    rows = list(model.objects.order_by("pk").values())
    return [{name: value for name, value in row.items() if name not in but} for row in rows]


# The list


def test_bare_list_is_the_panels_to_the_byte(
    bare: Call, with_token: Any, alice: Any, bob: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    now = timezone.now()
    bind(make_vps(alice, name="seen"))
    bind(make_vps(alice, name="на узле, который молчит", ip_address="203.0.113.7"), 101, power="unknown")
    bind(make_vps(alice, name="gone"), 102, missing_since=now)
    bind(make_vps(alice, name="another's"), 103, missing_since=now, identity_mismatch="uuid-9")
    bind(make_vps(alice, name="doubted"), 104, doubted_since=now - timedelta(hours=1))
    old = Cluster.objects.create(
        name="old", hosts=["b"], token_id="a@b!c", token_secret="s", seen_at=now - timedelta(1)
    )
    bind(make_vps(alice, name="not heard for a day"), 105, cluster=old)
    make_vps(alice, name="unbound")
    make_vps(alice, name="no driver", hypervisor="xen")
    unpaid = make_vps(alice, name="unpaid", status="suspended")
    Suspension.objects.create(vps=unpaid, reason="unpaid", message="Invoice 1042.", pay_url="https://example.com/pay")
    make_vps(alice, name="nobody knows why", status="suspended")
    make_vps(bob, name="his")
    program = with_token(alice)
    expected = program.get("/api/vps").content
    assert json.loads(expected)["count"] == 10
    assert bare("GET", "/api/vps", HTTP_AUTHORIZATION=program.defaults["HTTP_AUTHORIZATION"]) == (200, expected)


def test_bare_list_of_nobodys_servers_is_empty(bare: Call, with_token: Any, alice: Any) -> None:
    program = with_token(alice)
    expected = program.get("/api/vps").content
    assert bare("GET", "/api/vps", HTTP_AUTHORIZATION=program.defaults["HTTP_AUTHORIZATION"]) == (200, expected)


@pytest.mark.parametrize("ended", ["login", "user", "password", "signature", "none"])
def test_bare_list_is_refused_to_whoever_the_panel_refuses(bare: Call, with_token: Any, alice: Any, ended: str) -> None:
    bearer = with_token(alice).defaults["HTTP_AUTHORIZATION"]
    if ended == "login":
        TokenFamily.objects.update(ended_at=timezone.now(), ended_why="logged_out")
    elif ended == "user":
        User.objects.update(is_active=False)
    elif ended == "password":
        User.objects.update(token_version=9)
    bearer = {"signature": bearer[:-4] + "AAAA", "none": ""}.get(ended, bearer)
    assert Client(headers={"authorization": bearer}).get("/api/vps").status_code == 401
    assert bare("GET", "/api/vps", HTTP_AUTHORIZATION=bearer)[0] == 401


# What the main site writes


@pytest.mark.parametrize("more", [{}, {"status": "running", "hypervisor": "xen"}])
@pytest.mark.parametrize("is_named", [True, False])
def test_bare_create_is_the_panels_to_the_byte(
    bare: Call, panel: Call, alice: Any, more: dict[str, str], is_named: bool
) -> None:
    names = ({"external_id": "order-1"}, {"external_id": "order-2"}) if is_named else ({}, {})
    orders = [command("create", user_id=alice.pk, **ORDER, **more, **name) for name in names]
    expected = panel(orders[0])
    assert expected[0] == 201
    assert alike(bare("POST", "/api/vps/sync", orders[1])) == alike(expected)
    assert len(ExternalId.objects.all()) == (2 if is_named else 0)
    for model, own in ((Vps, ("id", "created_at", "updated_at")), (Event, ("id", "vps_id", "created_at"))):
        by_panel, by_bare = rows_of(model, *own)
        assert by_bare == by_panel


def test_bare_create_of_what_is_there_is_the_panels_to_the_byte(bare: Call, panel: Call, alice: Any) -> None:
    order = command("create", user_id=alice.pk, external_id="order-1", **ORDER)
    panel(order)
    assert bare("POST", "/api/vps/sync", order) == panel(order)
    assert (Vps.objects.count(), Event.objects.count()) == (1, 1)


@pytest.mark.parametrize("changes", [{"status": "stopped"}, {"name": "new", "cpu": 4, "status": "running"}])
def test_bare_update_is_the_panels_to_the_byte(
    bare: Call, panel: Call, alice: Any, make_vps: Any, changes: dict[str, Any]
) -> None:
    made = [make_vps(alice) for _ in range(2)]
    expected = panel(command("update", id=made[0].pk, **changes))
    assert alike(bare("POST", "/api/vps/sync", command("update", id=made[1].pk, **changes))) == alike(expected)
    for model, own in ((Vps, ("id", "created_at", "updated_at")), (Event, ("id", "vps_id", "created_at"))):
        by_panel, by_bare = rows_of(model, *own)
        assert by_bare == by_panel


def test_bare_update_of_nothing_new_is_the_panels_to_the_byte(bare: Call, panel: Call, alice: Any) -> None:
    panel(command("create", user_id=alice.pk, external_id="order-1", **ORDER))
    again = command("update", external_id="order-1", cpu=2, name=ORDER["name"])
    assert bare("POST", "/api/vps/sync", again) == panel(again)
    assert Event.objects.count() == 1


def test_bare_call_is_written_down_as_the_panels_is(bare: Call, panel: Call, alice: Any) -> None:
    order = command("create", user_id=alice.pk, external_id="order-1", **ORDER)
    for call in (order, order, command("update", external_id="order-1", cpu=4)):
        panel(call)
    wait_for(lambda: SyncCall.objects.count() == 3)
    by_panel = rows_of(SyncCall, "id", "at", "request_id", "duration_ms", "vps_id")
    SyncCall.objects.all().delete()
    order["vps"]["external_id"] = "order-2"
    for call in (order, order, command("update", external_id="order-2", cpu=4)):
        bare("POST", "/api/vps/sync", call)
    assert rows_of(SyncCall, "id", "at", "request_id", "duration_ms", "vps_id") == by_panel


@pytest.mark.parametrize(
    "body",
    [
        None,
        command("create", **ORDER),
        command("create", user_id=1_000_000, **ORDER),
        command("create", user_id=1, **ORDER | {"cpu": "2"}),
        command("create", user_id=1, **ORDER | {"cpu": 100_000}),
        command("create", user_id=1, **ORDER | {"name": "\0"}),
        command("create", user_id=1, **ORDER | {"status": "odd"}),
        command("update", cpu=1),
        command("update", id=1_000_000, cpu=1),
        command("update", external_id="nobody's", cpu=1),
        command("melt", id=1),
    ],
)
def test_bare_write_is_refused_where_the_panels_is(bare: Call, panel: Call, alice: Any, body: Any) -> None:
    body = json.loads(json.dumps(body).replace('"user_id": 1,', f'"user_id": {alice.pk},'))
    status, _ = panel(body)
    assert 400 <= status < 500
    assert bare("POST", "/api/vps/sync", body)[0] == status
    assert not Vps.objects.exists()


def test_bare_write_is_refused_without_the_key(bare: Call, alice: Any) -> None:
    order = command("create", user_id=alice.pk, **ORDER)
    assert bare("POST", "/api/vps/sync", order, HTTP_X_API_KEY="another")[0] == 401
    assert not Vps.objects.exists()
