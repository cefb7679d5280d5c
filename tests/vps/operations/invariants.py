"""What holds after each step of test_invariants, as plain queries: see the machine there for who calls which when."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils import timezone

from tests.vps.operations.stage import Stage
from vps.models import Event, Operation, Placement, Suspension, Tombstone, Vps

MOVES = {
    ("queued", "running"),
    ("queued", "succeeded"),
    ("queued", "failed"),
    ("running", "succeeded"),
    ("running", "failed"),
}
FINAL = ("succeeded", "failed")


@dataclass
class Server:
    """A VPS as the main site was told that it is. `may_arrive`: operations whose command had perhaps left at its end."""

    id: int
    vmid: int | None
    columns: dict[str, Any]
    is_deleted: bool = False
    sent_before: int = 0
    may_arrive: set[int] = field(default_factory=set)
    # Whether a suspension wants it down; whether its power is owed to it since one ended, and may have been given back
    # before its guest changed by itself; and the newest operation when a suspension last began, changed or ended.
    is_ordered: bool = False
    is_owed: bool = False
    may_be_back: bool = False
    asked_before: int = 0


@dataclass
class Story:
    """What was answered 2xx, and what each operation was when it was looked at last."""

    servers: dict[int, Server] = field(default_factory=dict)
    accepted: dict[int, tuple[int, str, bool]] = field(default_factory=dict)
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)

    def check(self, stage: Stage) -> None:
        assert not stage.wrong, stage.wrong
        operations = list(Operation.objects.order_by("id"))
        self.what_was_accepted_is_there(operations)
        self.servers_are_as_the_main_site_wrote()
        self.one_is_open_at_a_time()
        for operation in operations:
            self.it_went_on(operation)
            its_commands_are_its_own(operation, strays_of(operations), stage)
        self.nothing_is_sent_to_a_deleted_server(operations, stage)
        the_panel_asks_for_suspensions_alone(self.servers, operations)
        events_have_each_change_once(operations)

    def what_was_accepted_is_there(self, operations: list[Operation]) -> None:
        there = {one.pk: (one.vps_id, one.kind, one.is_forced) for one in operations}
        assert self.accepted.items() <= there.items()

    def servers_are_as_the_main_site_wrote(self) -> None:
        """Running and stopped are for the hypervisor to tell; all else is the main site's word."""
        rows = {vps.pk: vps for vps in Vps.objects.all()}
        tombstones = set(Tombstone.objects.values_list("vps_id", flat=True))
        assert set(rows) == {server.id for server in self.servers.values() if not server.is_deleted}
        assert tombstones == {server.id for server in self.servers.values() if server.is_deleted}
        for id, vps in rows.items():
            wrote = self.servers[id].columns
            assert (vps.name, vps.cpu) == (wrote["name"], wrote["cpu"])
            statuses = Vps.OBSERVED if wrote["status"] in Vps.OBSERVED else (wrote["status"],)
            assert vps.status in statuses

    def one_is_open_at_a_time(self) -> None:
        several = Operation.objects.open().values("vps").annotate(count=Count("id")).filter(count__gt=1)
        assert not several.exists()

    def note(self) -> None:
        for operation in Operation.objects.order_by("id"):
            self.it_went_on(operation)

    def it_went_on(self, operation: Operation) -> None:
        """Final states never change, the others move as documented, and the fence only grows."""
        now = {name: getattr(operation, name) for name in ("state", "fence", "error_code", "step", "attempts")}
        was = self.seen.get(operation.pk, now)
        assert now["fence"] >= was["fence"]
        assert now["state"] == was["state"] or (was["state"], now["state"]) in MOVES, (was, now)
        assert was["state"] not in FINAL or now == was, (was, now)
        self.seen[operation.pk] = now

    def power_changes_by_itself(self, vmid: int) -> None:
        """Nothing is owed to one that may have had its power back before it went down."""
        for server in self.servers.values():
            if server.vmid == vmid and server.columns["status"] != "suspended":
                server.may_be_back = True

    def nothing_is_sent_to_a_deleted_server(self, operations: list[Operation], stage: Stage) -> None:
        of = {operation.pk: operation.vps_id for operation in operations}
        for server in self.servers.values():
            if server.is_deleted:
                later = list(stage.sent.values())[server.sent_before :]
                assert {one for one in later if of[one] == server.id} <= server.may_arrive


def the_panel_asks_for_suspensions_alone(servers: dict[int, Server], operations: list[Operation]) -> None:
    """A stop while one wants the guest down; a start after it, where that is owed, and nobody has asked for power since."""
    for operation in operations:
        server = servers.get(operation.vps_id)
        if operation.source != Event.Source.SYSTEM or server is None or operation.pk <= server.asked_before:
            continue
        assert operation.kind == may_ask(server), (operation, server)
        is_asked = any(
            one.vps_id == server.id
            and one.source != Event.Source.SYSTEM
            and server.asked_before < one.pk < operation.pk
            for one in operations
        )
        assert not is_asked or operation.kind == "stop", (operation, server, "somebody has asked for power since")


def may_ask(server: Server) -> str:
    if server.columns["status"] == "suspended":
        return "stop" if server.is_ordered else ""
    return "start" if server.is_owed else ""


def strays_of(operations: list[Operation]) -> set[int]:
    """Those that ended without knowing what became of their command."""
    return {one.pk for one in operations if not one.is_open and one.intent_at is not None and not one.handle}


def its_commands_are_its_own(operation: Operation, in_doubt: set[int], stage: Stage) -> None:
    """It acts at most once; what it takes for its task it has sent; what it does not know of, it does not deny.

    A stray of an operation that has ended may come after this one's intent: nobody can tell it from this one's.
    """
    mine = {upid for upid, sender in stage.sent.items() if sender == operation.pk}
    acted = {upid for upid in mine if stage.has_acted(upid)}
    later = list(stage.sent)[stage.began.get(operation.pk, len(stage.sent)) :]
    strays = {upid for upid in later if stage.sent[upid] in in_doubt}
    assert len(acted) <= 1, (operation, acted)
    assert not acted & set(operation.spent_handles), (operation, "spent what acted")
    assert operation.handle in mine | strays | {""}, (operation, "has a task that it did not send")
    unknown = mine - {operation.handle, *operation.spent_handles}
    is_in_doubt = operation.intent_at is not None and not operation.handle
    assert not unknown or is_in_doubt or operation.handle in strays, (operation, unknown, "was sent by it")


def events_have_each_change_once(operations: list[Operation]) -> None:
    rows = Event.objects.filter(operation__isnull=False, type__startswith="operation.")
    recorded = Counter(rows.values_list("operation_id", "type"))
    due = Counter({(operation.pk, "operation.queued"): 1 for operation in operations})
    due.update((operation.pk, f"operation.{operation.state}") for operation in operations if not operation.is_open)
    assert recorded == due


def nothing_is_late() -> None:
    """To be called after a sweep."""
    assert not Operation.objects.overrun(60).exists()


def what_is_shown_is_so(stage: Stage) -> None:
    """To be called when all is quiet and the cluster was heard."""
    for vps in Vps.objects.filter(status__in=Vps.OBSERVED, placement__isnull=False).select_related(
        "placement__cluster"
    ):
        power = stage.world.guests[vps.placement.vmid].power
        assert vps.shown.word in (power, "unknown"), (vps.pk, vps.shown.word, power)
        assert vps.placement.unknown_since(timezone.now()) is None


def all_rows(stage: Stage) -> list[Any]:
    """All that an idle panel must not change."""
    models = (Operation, Vps, Placement, Suspension, Event)
    tables = [list(model.objects.order_by("pk").values()) for model in models]
    return [*tables, len(stage.world.commands)]
