"""Rounds of reconcile over a stage, and what each took. For `reconcile`, once Django is there."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.stage import OTHER, Stage
from vps.hypervisor import connect
from vps.hypervisor.base import Access
from vps.models import Event, Placement
from vps.services.reconcile import reconcile

TABLES = ("vps", "placements", "events", "operations", "clusters")
# What a cluster's list can leave as it was; its own row says when it was heard.
OF_GUESTS = ("vps", "placements", "events", "operations")
NAIVE_ROWS = 500
TIMES = 3
PAIRS = 9
WRITTEN = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = ANY(%s)
"""


@dataclass(frozen=True)
class Round:
    """`cpu` are the seconds of a processor that this process took: what the servers took is in `seconds` alone.

    `bytes` is the most memory that Python held at once, in one more round of the same kind.
    """

    name: str
    changed: int
    calls: int
    seconds: float
    cpu: float
    written: dict[str, int]
    bytes: int = 0


def all_of(stage: Stage) -> tuple[float, list[Round]]:
    """The seconds that the cluster's list takes to come and be read, by itself; and the rounds.

    Who is asked again in turn costs a call, and who is in doubt two: no other round has more calls than its list's.
    """
    kinds: list[tuple[str, Callable[[], None]]] = [
        ("everything changed", lambda: stage.switch(stage.count)),
        ("1 % changed", lambda: stage.switch(stage.count // 100)),
        ("nothing changed", lambda: None),
        ("asked in turn", make_due),
        ("0.5 % in doubt", lambda: stage.rename(stage.count // 200)),
    ]
    return listing(stage), [measured(stage, *kind) for kind in kinds]


def make_due() -> None:
    """Nobody has said for long who it is."""
    Placement.objects.update(identified_at=timezone.now() - timedelta(minutes=40))


def listing(stage: Stage) -> float:
    hypervisor = connect("proxmox", Access(**stage.cluster.credentials()))
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        hypervisor.guests()
        times.append(time.perf_counter() - began)
    return min(times)


@dataclass(frozen=True)
class Unchanged:
    """A round in which nothing is new, held against its list fetched and read: medians of pairs, and rows of guests."""

    round_s: float
    round_cpu: float
    list_s: float
    list_cpu: float
    rows: int


def unchanged(stage: Stage) -> Unchanged:
    """Both as a worker makes them, each over a connection of its own, one after the other."""
    Placement.objects.update(identified_at=timezone.now())
    reconcile(stage.cluster.pk)
    before = written()
    pairs = [(*clocked(lambda: reconcile(stage.cluster.pk)), *clocked(lambda: fetch(stage))) for _ in range(PAIRS)]
    after = written()
    rows = sum(after.get(table, 0) - before.get(table, 0) for table in OF_GUESTS)
    return Unchanged(*(median(column) for column in zip(*pairs, strict=True)), rows)


def fetch(stage: Stage) -> None:
    hypervisor = connect("proxmox", Access(**stage.cluster.credentials()))
    hypervisor.guests()
    hypervisor.close()


def clocked(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and those of a processor that this process took."""
    began, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began, time.process_time() - cpu


def measured(stage: Stage, name: str, prepare: Callable[[], None]) -> Round:
    """The best of a few: what else the machine does is not to count."""
    best = min((timed(stage, name, prepare) for _ in range(TIMES)), key=lambda one: one.seconds)
    return replace(best, bytes=most_bytes(stage, prepare))


def timed(stage: Stage, name: str, prepare: Callable[[], None]) -> Round:
    prepare()
    stage.call("DELETE", "load")
    before, began, cpu = written(), time.perf_counter(), time.process_time()
    changed = reconcile(stage.cluster.pk)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    rows = {table: number - before.get(table, 0) for table, number in written().items()}
    return Round(name, changed, stage.call("GET", "load")["calls"], seconds, cpu, rows)


def written() -> dict[str, int]:
    """Rows inserted, updated and deleted so far, by PostgreSQL's own count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(WRITTEN, [list(TABLES)])
        return dict(cursor.fetchall())


def most_bytes(stage: Stage, prepare: Callable[[], None]) -> int:
    """To trace memory takes several times as long, so it has a round of its own."""
    prepare()
    tracemalloc.start()
    reconcile(stage.cluster.pk)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def naive(stage: Stage) -> float:
    """Guests a second where each is read, and saved with its VPS and its event, by itself."""
    ids = list(Placement.objects.order_by("id").values_list("id", flat=True)[:NAIVE_ROWS])
    began = time.perf_counter()
    for id in ids:
        save_one(id)
    return len(ids) / (time.perf_counter() - began)


@transaction.atomic
def save_one(id: int) -> None:
    placement = Placement.objects.select_related("vps").get(pk=id)
    was, now = placement.power, OTHER[placement.power]
    placement.power = placement.vps.status = now
    placement.save()
    placement.vps.save()
    # Without ringing anybody: a round rings once for all that it has changed.
    Event.objects.create(
        type=Event.Type.VPS_STATUS_CHANGED,
        vps=placement.vps,
        user_id=placement.vps.user_id,
        source=Event.Source.SYSTEM,
        data={"was": was, "status": now},
    )
