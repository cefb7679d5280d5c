"""Alice's server bound to a guest of a simulated cluster, and a worker's steps taken one after another."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.utils import timezone

from tests.seams import Shorten
from tests.simulated import PATIENCE, simulated
from tests.simulated import Cluster as Simulated
from tests.vps.hypervisor.proxmox.impostor import impostor
from vps import notify, operations
from vps.hypervisor.base import Access
from vps.models import Cluster, Operation, Placement, Vps
from vps.open_hypervisor import open_hypervisor
from vps.operations.advance import advance

__all__ = ["impostor", "simulated"]


def registered(access: Access, name: str = "simulated") -> Cluster:
    made: Cluster = Cluster.objects.create(
        name=name,
        hosts=list(access.hosts),
        token_id=access.user,
        token_secret=access.secret,
        fingerprint=access.fingerprint,
        seen_at=timezone.now(),
    )
    return made


@pytest.fixture
def real_cluster(db: None, simulated: Simulated) -> Cluster:
    return registered(simulated.access())


@pytest.fixture
def server(alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster) -> Callable[..., Vps]:
    """Alice's server and its guest: `server("lxc", power="running", …facts of the guest)`."""

    def make(kind: str = "qemu", power: str = "stopped", **facts: Any) -> Vps:
        guest = simulated.add(kind, power=power, **facts)
        vps: Vps = make_vps(alice, status=power if power != "paused" else "running")
        Placement.objects.create(
            vps=vps, cluster=real_cluster, kind=kind, vmid=guest["vmid"], node=guest["node"], power=power
        )
        return vps

    return make


def advance_once(operation: Operation) -> float | None:
    """One step of it, as a worker takes it. Gives the seconds until the next, None where it was not to be claimed."""
    cluster = Cluster.objects.get(placements__vps=operation.vps_id)
    with open_hypervisor(cluster) as hypervisor:
        taken = advance(operation.pk, operation.vps_id, hypervisor)
    return taken[1] if taken else None


def carry_out(operation: Operation, seconds: float = 20) -> Operation:
    """Let workers loose on it whenever it is due, until it has ended."""
    until = time.monotonic() + seconds * PATIENCE
    left = ExpressionWrapper(F("due_at") - Now(), output_field=DurationField())
    row = Operation.objects.filter(pk=operation.pk).annotate(left=left)
    while time.monotonic() < until:
        state, step, node, cluster_id, pause = row.values_list(
            "state", "step", "node", "vps__placement__cluster", "left"
        ).get()
        if state not in Operation.OPEN:
            break
        if pause > timedelta(0):
            time.sleep(min(pause.total_seconds(), 0.5))
        elif step in Operation.WATCHED:
            operations.watch(cluster_id, node)
        else:
            operations.work(cluster_id)
    operation.refresh_from_db()
    assert not operation.is_open, f"{operation} is still {operation.state}/{operation.step}: {operation.error_detail}"
    return operation


@pytest.fixture
def do(alice: Any) -> Callable[..., Operation]:
    """Ask, and carry out to the end."""

    def ask(vps: Vps, kind: str, **options: Any) -> Operation:
        return carry_out(operations.request(vps, kind, by=alice, source="page", **options))

    return ask


@pytest.fixture
def quick_pauses(shorten: Shorten) -> None:
    """The pauses between steps are politeness towards a real hypervisor; what a step does is the same without."""
    shorten(soon_s=0.1, later_s=0.1, locked_s=0.1)


@pytest.fixture
def impatient(shorten: Shorten) -> None:
    """Who does not answer is given up in less than a second."""
    shorten(connect_s=0.6, read_s=0.6, command_s=0.6)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gave, or the error that it ended with: all begin at one moment, each with a database connection."""
    together = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            together.wait(10 * PATIENCE)
            return call()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def bells() -> list[tuple[Any, ...]]:
    """What workers were rung for since this was asked last, as (task, *arguments): the bells are answered by it."""
    rung = []
    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue("celery")
        with suppress(queue.Empty):
            while message := queue.get_nowait():
                message.ack()
                rung.append((message.headers["task"], *message.payload[0]))
                notify.answer_bell(message.headers["task"].removeprefix("vps."))
    return rung
