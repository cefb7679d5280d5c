"""Many at once, each with a connection of its own, on committed rows: what only a real database can decide."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests.conftest import person
from vps import operations
from vps.guests import GuestRef, Kind
from vps.hypervisor.base import Guest, Look, Power
from vps.models import Cluster, Event, Operation, Placement, Tombstone, Vps
from vps.operations import finish
from vps.services import sync
from vps.services.reconcile import learn
from vps.services.reconcile.compare import changes
from web.errors import PanelError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Vps:
    cluster = Cluster.objects.create(
        name="main", hosts=["127.0.0.1:1"], token_id="a@b!c", token_secret="s", seen_at=timezone.now()
    )
    vps: Vps = Vps.objects.create(
        user=person("alice"), name="web", status="running", cpu=1, ram=512, disk=5, os="Debian 12"
    )
    Placement.objects.create(vps=vps, cluster=cluster, kind="qemu", vmid=100, node="pve1", power="running")
    return vps


def at_once(call: Callable[[], Any], times: int = 30) -> list[Any]:
    def once(_: int) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=10) as pool:
        return list(pool.map(once, range(times)))


@pytest.mark.parametrize(("verb", "body"), [("reboot", {}), ("stop", {"force": True})])
def test_api_reboot_or_forced_stop_of_thirty_at_once_is_accepted_once(
    server: Vps, verb: str, body: dict[str, bool]
) -> None:
    """A forced stop overtakes others, and no forced stop."""
    alice = {"username": "alice", "password": "a long and winding password"}
    token = Client().post("/api/auth/login", alice, content_type="application/json").json()["access"]
    headers = {"authorization": f"Bearer {token}"}

    def ask() -> int:
        answer = Client(headers=headers).post(f"/api/vps/{server.pk}/{verb}", body, content_type="application/json")
        return answer.status_code

    assert sorted(at_once(ask)) == [202] + [409] * 29
    assert Operation.objects.count() == 1
    assert Event.objects.count() == 1


def test_sync_delete_of_thirty_at_once_deletes_once_and_all_succeed(server: Vps, settings: Any) -> None:
    client = {"headers": {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}}
    body = {"action": "delete", "vps": {"id": server.pk}}
    statuses = at_once(
        lambda: Client(**client).post("/api/vps/sync", body, content_type="application/json").status_code
    )
    assert statuses == [200] * 30
    assert (Vps.objects.count(), Tombstone.objects.count(), Event.objects.count()) == (0, 1, 1)


def test_sync_create_of_thirty_at_once_gives_the_guest_to_one(server: Vps, settings: Any) -> None:
    Placement.objects.all().delete()
    placement = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
    order = {
        "user_id": server.user_id,
        "name": "new",
        "cpu": 1,
        "ram": 512,
        "disk": 5,
        "os": "Debian 12",
        "placement": placement,
    }
    client = {"headers": {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}}
    body = {"action": "create", "vps": order}
    statuses = at_once(
        lambda: Client(**client).post("/api/vps/sync", body, content_type="application/json").status_code
    )
    assert sorted(statuses) == [201] + [409] * 29
    assert (Placement.objects.count(), Vps.objects.count()) == (1, 2)


def test_sync_update_of_two_servers_that_exchange_guests_does_not_deadlock(server: Vps, settings: Any) -> None:
    other = Vps.objects.create(user=server.user, name="db", status="running", cpu=1, ram=512, disk=5, os="Debian 12")
    moves = iter([(vps.pk, vmid) for _ in range(8) for vps in (server, other) for vmid in (100, 101)])

    def move() -> int:
        id, vmid = next(moves)
        placement = {"cluster": "main", "node": "pve1", "vmid": vmid, "kind": "qemu"}
        body = {"action": "update", "vps": {"id": id, "placement": placement}}
        client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
        return client.post("/api/vps/sync", body, content_type="application/json").status_code

    assert set(at_once(move)) <= {200, 409}


@pytest.mark.parametrize("rival", ["forced stop", "delete"])
def test_succeed_and_what_overtakes_the_operation_do_not_deadlock(
    server: Vps, rival: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has written the operation and is about to write the server, which the rival holds or waits for."""
    operation = operations.request(server, "stop", by=None, source="page")
    claimed = Operation.objects.claim(operation.pk)
    look = Look("pve1", Kind.VM, Power.STOPPED, timezone.now(), 0)
    has_begun, record = threading.Event(), finish.record_look

    def slowly(*args: Any) -> None:
        has_begun.set()
        time.sleep(0.3)
        record(*args)

    def overtake() -> None:
        has_begun.wait(50)
        if rival == "delete":
            sync.apply_one(sync.SyncCommand("delete", id=server.pk))
        else:
            operations.request(server, "force-stop", by=None, source="page")

    monkeypatch.setattr(finish, "record_look", slowly)
    calls = iter([lambda: finish.succeed(claimed, look), overtake])
    at_once(lambda: next(calls)() or 0, times=2)
    assert Operation.objects.get(pk=operation.pk).state == "succeeded"


def test_reconcile_and_a_delete_do_not_deadlock(server: Vps, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster.objects.get()
    stopped = {"100": Guest(GuestRef(Kind.VM, "100", "pve1"), "web", Power.STOPPED)}
    found = list(changes(learn.known_of(cluster), stopped))
    has_begun, write = threading.Event(), learn.write

    def slowly(still: Any) -> None:
        write(still)
        has_begun.set()
        time.sleep(0.3)

    def delete() -> int:
        has_begun.wait(50)
        return int(sync.apply_one(sync.SyncCommand("delete", id=server.pk)).was_deleted)

    monkeypatch.setattr(learn, "write", slowly)
    calls = iter([lambda: len(learn.learn(cluster, found)), delete])
    assert sorted(at_once(lambda: next(calls)(), times=2)) == [0, 1]
    assert not Vps.objects.exists()


def test_sync_create_for_somebody_who_is_just_being_deleted_is_refused(server: Vps) -> None:
    bob = person("bob")
    order = {"user_id": bob.pk, "name": "new", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    has_begun = threading.Event()

    def fire() -> str:
        with transaction.atomic():
            bob.delete()
            has_begun.set()
            time.sleep(0.3)
        return "deleted"

    def sell() -> str:
        has_begun.wait(50)
        (outcome,) = sync.apply([sync.SyncCommand("create", order)])
        return outcome.code if isinstance(outcome, PanelError) else "sold"

    calls = iter([fire, sell])
    assert sorted(at_once(lambda: next(calls)(), times=2)) == ["deleted", "unknown_user"]
