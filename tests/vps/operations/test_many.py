"""Many operations at once on one cluster, by several workers: in order, a few calls at a time, and none that a list saves."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection

from tests.simulated import PATIENCE
from tests.simulated import Cluster as Simulated
from tests.vps.conftest import at_once
from vps import operations
from vps.hypervisor import traits_of
from vps.models import Cluster, Operation, Placement, Vps

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 40


@pytest.fixture
def servers(alice: Any, simulated: Simulated, real_cluster: Cluster) -> list[Vps]:
    """Half of them on either node, stopped, known to the panel."""
    guests = simulated.add_many(range(100, 100 + COUNT), "lxc", start_seconds=0.3)
    for guest in guests:
        simulated.change(guest["vmid"], node=f"pve{guest['vmid'] % 2 + 1}")
    size = {"status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    made = Vps.objects.bulk_create(Vps(user=alice, name=guest["name"], **size) for guest in guests)
    where = {"cluster": real_cluster, "kind": "lxc", "power": "stopped"}
    for vps, guest in zip(made, guests, strict=True):
        vmid, mac = guest["vmid"], guest["mac"].lower()
        Placement.objects.create(vps=vps, vmid=vmid, node=f"pve{vmid % 2 + 1}", identity=mac, **where)
    return made


@contextmanager
def workers(cluster: Cluster, count: int) -> Iterator[None]:
    """So many, each with a connection of its own, that answer any bell at once."""
    is_over = Flag()

    def toil() -> None:
        while not is_over.wait(0.1):
            operations.work(cluster.pk)
            for node in ("pve1", "pve2"):
                operations.watch(cluster.pk, node)
        connection.close()

    with ThreadPoolExecutor(count) as pool:
        toiling = [pool.submit(toil) for _ in range(count)]
        try:
            yield
        finally:
            is_over.set()
    for one in toiling:
        one.result()


def test_work_of_six_workers_ends_in_order_within_the_calls_in_flight_and_polls_no_task(
    servers: list[Vps], simulated: Simulated, real_cluster: Cluster, alice: Any
) -> None:
    for vps in servers:
        operations.request(vps, "start", by=alice, source="page")
    simulated.call("PATCH", "faults", {"delay_seconds": 0.05})
    simulated.forget_load()
    with workers(real_cluster, 6):
        until = time.monotonic() + 60 * PATIENCE
        while Operation.objects.open().exists() and time.monotonic() < until:
            time.sleep(0.1)
    assert set(Operation.objects.values_list("state", flat=True)) == {"succeeded"}
    assert [simulated.commands(placement.vmid) for placement in Placement.objects.all()] == [["start"]] * COUNT

    load = simulated.load()
    assert load["most_in_flight"] <= traits_of("proxmox").at_once
    guest = "/nodes/{node}/{kind}/{vmid}"
    singly = {"GET " + guest + "/config": COUNT, "GET " + guest + "/status/current": COUNT}
    assert {path: load["by_path"].get(path) for path in singly} == singly, "each is looked at once, before its command"
    assert "GET /nodes/{node}/tasks/{upid}/status" not in load["by_path"]

    ended = list(Operation.objects.order_by("finished_at").values_list("id", flat=True))
    asked = sorted(ended)
    assert max(abs(asked.index(id) - position) for position, id in enumerate(ended)) < COUNT / 2, "roughly first come"


def test_wake_and_reschedule_of_many_do_not_deadlock(servers: list[Vps], real_cluster: Cluster) -> None:
    """Two that lock the same rows, each in an order of its own, end with a deadlock within moments."""
    for vps in servers:
        operations.request(vps, "start", by=None, source="page")
    for id in random.sample(list(Operation.objects.values_list("id", flat=True)), COUNT):
        Operation.objects.filter(id=id).update(state="running", step="working", node="pve1")
    until = time.monotonic() + 3

    def wake() -> None:
        while time.monotonic() < until:
            Operation.objects.on(real_cluster.pk).wake()

    def reschedule() -> None:
        while time.monotonic() < until:
            mine = Operation.objects.claim_watched(real_cluster.pk, "pve1", COUNT, 8)
            Operation.objects.reschedule(dict.fromkeys(mine, 3.0))

    assert at_once(wake, wake, reschedule, reschedule) == [None] * 4
