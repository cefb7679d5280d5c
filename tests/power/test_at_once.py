"""Many at once, each with a connection of its own, on committed rows: what only a real database can decide."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import person
from vps.models import Cluster, Event, Operation, Placement, Tombstone, Vps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Vps:
    cluster = Cluster.objects.create(name="main", hosts=["127.0.0.1:1"], token_id="a@b!c", token_secret="s")
    vps: Vps = Vps.objects.create(
        user=person("alice"), name="web", status="running", cpu=1, ram=512, disk=5, os="Debian 12"
    )
    Placement.objects.create(vps=vps, cluster=cluster, kind="qemu", vmid=100, node="pve1", power="running")
    return vps


def at_once(call: Callable[[], int], times: int = 30) -> list[int]:
    def once(_: int) -> int:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=10) as pool:
        return list(pool.map(once, range(times)))


def test_of_thirty_reboots_at_once_one_is_accepted(server: Vps) -> None:
    body = {"username": "alice", "password": "a long and winding password"}
    token = Client().post("/api/auth/login", body, content_type="application/json").json()["access"]
    headers = {"authorization": f"Bearer {token}"}
    statuses = at_once(lambda: Client(headers=headers).post(f"/api/vps/{server.pk}/reboot").status_code)
    assert sorted(statuses) == [202] + [409] * 29
    assert Operation.objects.count() == 1
    assert Event.objects.count() == 1


def test_of_thirty_deletes_at_once_one_deletes_and_all_succeed(server: Vps, settings: Any) -> None:
    client = {"headers": {"x-api-key": settings.VPS_SYNC_API_KEYS[0]}}
    body = {"action": "delete", "vps": {"id": server.pk}}
    statuses = at_once(
        lambda: Client(**client).post("/api/vps/sync", body, content_type="application/json").status_code
    )
    assert statuses == [200] * 30
    assert (Vps.objects.count(), Tombstone.objects.count(), Event.objects.count()) == (0, 1, 1)


def test_of_thirty_placements_at_once_one_gets_the_guest(server: Vps, settings: Any) -> None:
    Placement.objects.all().delete()
    place = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
    order = {
        "user_id": server.user_id,
        "name": "new",
        "cpu": 1,
        "ram": 512,
        "disk": 5,
        "os": "Debian 12",
        "placement": place,
    }
    client = {"headers": {"x-api-key": settings.VPS_SYNC_API_KEYS[0]}}
    body = {"action": "create", "vps": order}
    statuses = at_once(
        lambda: Client(**client).post("/api/vps/sync", body, content_type="application/json").status_code
    )
    assert sorted(statuses) == [201] + [409] * 29
    assert (Placement.objects.count(), Vps.objects.count()) == (1, 2)
