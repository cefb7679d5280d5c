"""What suspensions promise, as test_invariants holds it: noted of each as it changes, and held when all is quiet."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from tests.vps.operations.invariants import Server
from tests.vps.operations.stage import Stage
from vps.models import Event, Operation, Placement, Suspension


def row_of(server: Server) -> Suspension | None:
    found: Suspension | None = Suspension.objects.filter(pk=server.id).first()
    return found


def wait_out() -> None:
    """The pause until the next try is over."""
    Suspension.objects.filter(next_try_at__gt=timezone.now()).update(next_try_at=timezone.now())


def is_surely(server: Server, stage: Stage) -> str:
    """What its guest does, and is seen to do, where nothing that was sent may change that any more; or ''."""
    its = Operation.objects.filter(vps=server.id)
    newest = its.order_by("-pk").first()
    is_calm = newest is None or newest.state == "succeeded" or (not newest.is_open and newest.intent_at is None)
    waiting = {stray.operation for stray in stage.strays}
    if server.vmid is None or not is_calm or its.filter(pk__in=waiting).exists():
        return ""
    power, row = stage.world.guests[server.vmid].power, Placement.objects.filter(vps=server.id).first()
    is_at_rest = not any(task.is_running for task in list(stage.world.tasks.all))
    return str(power) if is_at_rest and row and row.power == power else ""


def note_suspension(
    server: Server, was: Suspension | None, sure: str, status: str, spec: dict[str, Any] | None
) -> None:
    """What this update, which was taken, makes of it. `was` and `sure` are as they were before."""
    was_suspended, row = server.columns["status"] == "suspended", row_of(server)
    newest = Operation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if status == "suspended" and not was_suspended:
        assert row is not None
        assert row.ended_at is None
        is_owed = server.is_owed and not is_asked_since(server)
        assert sure != "stopped" or row.power_before in ("", "stopped") or is_owed, (server, row.power_before, sure)
        assert sure != "running" or row.power_before in ("", "running"), (server, row.power_before, sure)
        server.is_owed, server.may_be_back = False, False
    elif was_suspended and status != "suspended":
        assert was is not None
        server.is_owed = was.power_before == "running" and (was.has_stopped or was.power == "stop")
        server.is_ordered, server.may_be_back = False, False
    if status == "suspended" and (spec or not was_suspended):
        server.is_ordered = bool(spec) and spec["power"] == "stop"
    if was_suspended or status == "suspended":
        server.asked_before = newest


def is_asked_since(server: Server) -> bool:
    others = Operation.objects.exclude(source=Event.Source.SYSTEM)
    return bool(others.filter(vps=server.id, pk__gt=server.asked_before).exists())


def each_has_the_power_that_it_should(servers: Iterable[Server], stage: Stage) -> None:
    """To be called when all is quiet, and all pauses are over."""
    alive = [server for server in servers if not server.is_deleted]
    suspended = {server.id for server in alive if server.columns["status"] == "suspended"}
    assert set(Suspension.objects.values_list("pk", flat=True)) == suspended
    for server in alive:
        power = server.vmid and stage.world.guests[server.vmid].power
        if server.is_ordered and server.vmid:
            stage.tally["stayed down"] += 1
            assert power == "stopped", server
        if server.is_owed and not server.may_be_back and not is_asked_since(server):
            stage.tally["given back"] += 1
            assert power == "running", server
