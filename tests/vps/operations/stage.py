"""Where test_invariants plays: each command is traced to the operation that sent it, workers die or are interrupted at
named points, and all clocks can be turned. Nothing of ours is replaced; what is wrapped only tells, or fails on its way.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, models
from django.utils import timezone

from simulator.guests import Guest
from simulator.tasks import Task
from simulator.world import Faults
from tests.seams import Shorten
from tests.simulated import PATIENCE
from tests.simulated import Cluster as Simulated
from vps.hypervisor.base import HypervisorError, OutcomeUnknown
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Cluster, ClusterNode, Event, Operation, Placement, Suspension, Tombstone, Vps
from vps.operations import begin, confirm
from vps.operations.verbs import verb_of
from web import crash_points
from web.models import LimitCount

# So long a command may wait in the hypervisor's node-to-node proxy when nobody waits for its answer any more.
STRAYS_FOR_S = 30
# Here it arrives before, by as much as a step may take.
ARRIVES_WITHIN_S = STRAYS_FOR_S - 4
QUICK = {"start_seconds": 0.05, "shutdown_seconds": 0.05}


class Killed(BaseException):
    """kill -9, as far as one process can do it to itself: no `except Exception` on the way sees it."""


@dataclass
class Stray:
    """A command that has left and has not arrived. Its age counts what a busy machine takes, too: operations do."""

    operation: int
    arrive: Callable[[], Any]
    left_at: float = field(default_factory=time.monotonic)

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.left_at


@dataclass
class Stage:
    simulated: Simulated
    cluster: Cluster
    # Every command that the cluster took, by its task: the operation that sent it, in their order.
    sent: dict[str, int] = field(default_factory=dict)
    # How many commands the cluster had taken when each operation was about to send its last one.
    began: dict[int, int] = field(default_factory=dict)
    # When each guest was turned to what.
    power_changes: dict[int, list[tuple[float, str]]] = field(default_factory=dict)
    # Whose intent is committed, and whose command has not left.
    intended: set[int] = field(default_factory=set)
    # What was seen to be wrong where nobody could be told at once.
    wrong: list[str] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    # What becomes of the next command: "" (nothing), "late", or "lost" on its way.
    fate: str = ""
    # Whoever reaches this point next does this, once.
    plot: tuple[str, Callable[[], None]] | None = None
    # How often what has happened, in all plays.
    tally: Counter[str] = field(default_factory=Counter)
    # Who sends, by thread.
    sender: threading.local = field(default_factory=threading.local)

    @property
    def world(self) -> Any:
        return self.simulated.simulator.world

    def clear(self) -> None:
        """A new play: the same cluster, and nothing on it or in our tables."""
        self.rest()
        for model in (Operation, Event, Placement, Tombstone, Vps, LimitCount):
            model.objects.all().delete()
        self.answer_again()
        cache.clear()
        world = self.world
        world.guests, world.commands, world.faults, world.tasks.all = {}, [], Faults(), []
        self.intended = set()
        self.sent, self.began, self.power_changes, self.wrong, self.strays, self.fate, self.plot = (
            {},
            {},
            {},
            [],
            [],
            "",
            None,
        )

    def guest(self, kind: str, power: str) -> int:
        vmid = 100 + len(self.world.guests)
        self.simulated.add(kind, vmid, power=power, started_at=time.time() - 1000 if power == "running" else 0, **QUICK)
        self.power_changes[vmid] = [(0.0, power)]
        return vmid

    def ail(self, *, refuse: bool) -> None:
        for host in self.world.hosts.values():
            host.refuse = refuse

    def send_away(self, node: str, *, is_away: bool) -> None:
        """Its cluster goes on answering, and it does not."""
        self.simulated.call("PATCH", f"nodes/{node}", {"up": not is_away})

    def answer_again(self) -> None:
        self.ail(refuse=False)
        for node in self.world.nodes:
            self.send_away(node, is_away=False)
        ClusterNode.objects.all().delete()
        how = {"seen_at": timezone.now(), "failures": 0, "retry_at": None, "unreachable_since": None, "failure": ""}
        Cluster.objects.filter(pk=self.cluster.pk).update(**how)

    # Workers

    def let(self, call: Callable[..., Any], *args: Any) -> Any:
        """Do it as a process of its own: one that is killed loses its connection, and nobody hears of it."""
        try:
            return call(*args)
        except Killed:
            connection.close()
            return None

    def at_crash_point(self, point: str) -> None:
        """In place of crash_points.crash_point."""
        if point == "after_send":
            self.wait_for_arrival()
        if self.plot is None or self.plot[0] != point:
            return
        _, act = self.plot
        self.plot = None
        self.tally[f"{act.__name__} {point}"] += 1
        act()

    def die(self) -> None:
        raise Killed

    def meanwhile(self, what: str, act: Callable[[], Any]) -> Callable[[], None]:
        """Somebody else does this now, with a connection of his own. Not while we hold rows that he would wait for."""

        def run() -> None:
            try:
                self.let(act)
            except Exception as error:  # noqa: BLE001  told by the next check
                self.wrong.append(repr(error))
            finally:
                connection.close()

        def interrupt() -> None:
            if not connection.in_atomic_block:
                self.tally[f"interrupted by {what}"] += 1
                thread = threading.Thread(target=run)
                thread.start()
                thread.join()

        return interrupt

    # Commands

    def wait_for_arrival(self, seconds: float = 0.3) -> None:
        """The bytes have left; whether we die now or not, the cluster takes them."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and len(self.world.commands) == len(self.sent):
            time.sleep(0.005)
        self.claim_new(self.sender.id)

    def claim_new(self, operation: int) -> None:
        """Commands that nobody had sent before are this operation's: one process sends at a time."""
        for command in list(self.world.commands):
            self.sent.setdefault(command["upid"], operation)

    def dispatch(self, real: Callable[..., str], driver: Proxmox, ref: Any, *args: Any, **options: Any) -> str:
        """In place of Proxmox.send."""
        operation, fate, self.fate = self.sender.id, self.fate, ""
        self.tally[f"sent {fate}"] += 1
        if operation not in self.intended:
            self.wrong.append(f"operation {operation} sends what it has not intended")
        self.intended.discard(operation)
        if fate == "late":
            own = Proxmox(self.simulated.access())
            self.strays.append(Stray(operation, lambda: real(own, ref, *args, is_managed=options["is_managed"])))
        if fate:
            raise OutcomeUnknown("no answer came")
        try:
            return real(driver, ref, *args, **options)
        finally:
            self.claim_new(operation)

    def strays_arrive(self) -> None:
        waiting, self.strays = self.strays, []
        for stray in waiting:
            try:
                stray.arrive()
            except HypervisorError:
                pass
            finally:
                self.claim_new(stray.operation)

    def rest(self) -> None:
        """Until no task is running."""
        until = time.monotonic() + 5 * PATIENCE
        while any(task.is_running for task in list(self.world.tasks.all)) and time.monotonic() < until:
            time.sleep(0.01)

    def task(self, upid: str) -> Task:
        found: Task = self.world.tasks.get(upid)
        return found

    def has_acted(self, upid: str) -> bool:
        task = self.task(upid)
        return task.is_running or task.exit_status == "OK"

    # Time

    def pass_time(self, seconds: int) -> None:
        """What strays arrives before its time is over."""
        oldest_s = max((stray.age_s for stray in self.strays), default=0)
        if self.strays and oldest_s + seconds >= ARRIVES_WITHIN_S:
            until = max(int(ARRIVES_WITHIN_S - oldest_s), 0)
            self.shift_clocks(until)
            self.strays_arrive()
            self.rest()
            seconds -= until
        for stray in self.strays:
            stray.left_at -= seconds
        self.shift_clocks(seconds)

    def let_old_strays_arrive(self) -> None:
        if any(stray.age_s >= ARRIVES_WITHIN_S for stray in self.strays):
            self.strays_arrive()

    def shift_clocks(self, seconds: int) -> None:
        """All that has happened, here and on the nodes, happened so much earlier: a task's id bears its time."""
        for model in (Operation, Placement, Suspension, Cluster, ClusterNode):
            times = [column.name for column in model._meta.fields if isinstance(column, models.DateTimeField)]
            model.objects.update(**{name: models.F(name) - timedelta(seconds=seconds) for name in times})
        for operation in Operation.objects.exclude(handle="", spent_handles=[]):
            spent = [earlier(handle, seconds) for handle in operation.spent_handles]
            Operation.objects.filter(pk=operation.pk).update(
                handle=earlier(operation.handle, seconds), spent_handles=spent
            )
        self.shift_cluster(seconds)

    def shift_cluster(self, seconds: int) -> None:
        for task in list(self.world.tasks.all):
            task.start -= seconds
            task.end = task.end and task.end - seconds
            task.upid = earlier(task.upid, seconds)
        for command in self.world.commands:
            command["upid"] = earlier(command["upid"], seconds)
        for guest in self.world.guests.values():
            guest.started_at -= seconds
        self.sent = {earlier(upid, seconds): operation for upid, operation in self.sent.items()}

    # What is told

    def was_intended(self, operation: Operation) -> None:
        """Its intent is committed just now: for a suspension's sake while that wants the guest down, for others while
        none is in force."""
        self.intended.add(operation.pk)
        vps = Vps.objects.select_related("suspension").filter(pk=operation.vps_id).first()
        current = vps and vps.current_suspension
        is_order = (operation.source, operation.kind) == (Event.Source.SYSTEM, Operation.Kind.STOP)
        if vps and (is_order != bool(current) or (is_order and current.power != "stop")):
            self.wrong.append(f"{operation} of {operation.source} intends to send, and the suspension is {current}")

    def was_seen(self, operation: Operation, goal: str) -> None:
        """An operation is about to succeed: its guest is, or was a moment ago, as it says."""
        power_changes = self.power_changes[operation.vps.placement.vmid]
        past = [power for at, power in power_changes if at < time.time() - 1][-1:]
        if goal not in past + [power for at, power in power_changes if at >= time.time() - 1]:
            self.wrong.append(f"{operation} succeeded unseen")
        acted = [upid for upid, sender in self.sent.items() if sender == operation.pk and self.has_acted(upid)]
        if verb_of(operation).is_cycle and not acted:
            self.wrong.append(f"{operation} succeeded without a command")


def earlier(upid: str, seconds: int) -> str:
    """The same task's id, had it begun so much earlier."""
    parts = upid.split(":")
    return ":".join([*parts[:4], f"{int(parts[4], 16) - seconds:08X}", *parts[5:]]) if upid else ""


@pytest.fixture
def stage(
    transactional_db: None,
    real_cluster: Cluster,
    simulated: Simulated,
    monkeypatch: pytest.MonkeyPatch,
    shorten: Shorten,
) -> Stage:
    """Committed rows, a quick cluster, and everything told to the stage."""
    made = Stage(simulated, real_cluster)
    shorten(power_off_s=0.05)
    monkeypatch.setattr(crash_points, "listeners", [made.at_crash_point])
    trace(made, monkeypatch)
    return made


def trace(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    send, succeed, set_power, dispatch = begin.send, confirm.succeed, Guest.set_power, Proxmox.send
    write_intent = begin.write_intent

    def traced_write_intent(operation: Operation, *args: Any, **options: Any) -> bool:
        is_written = write_intent(operation, *args, **options)
        if is_written:
            stage.was_intended(operation)
        return is_written

    def traced_send(operation: Operation, *args: Any, **options: Any) -> Any:
        stage.sender.id, stage.began[operation.pk] = operation.pk, len(stage.sent)
        return send(operation, *args, **options)

    def traced_succeed(operation: Operation, look: Any) -> None:
        stage.was_seen(operation, str(steps_goal(operation)))
        succeed(operation, look)

    def traced_set_power(guest: Guest, power: str) -> None:
        set_power(guest, power)
        stage.power_changes.setdefault(guest.vmid, []).append((time.time(), power))

    monkeypatch.setattr(begin, "write_intent", traced_write_intent)
    monkeypatch.setattr(begin, "send", traced_send)
    for module in (begin, confirm):
        monkeypatch.setattr(module, "succeed", traced_succeed)
    monkeypatch.setattr(Guest, "set_power", traced_set_power)
    monkeypatch.setattr(
        Proxmox, "send", lambda driver, *args, **options: stage.dispatch(dispatch, driver, *args, **options)
    )


def steps_goal(operation: Operation) -> str:
    return "stopped" if operation.kind == "stop" else "running"
