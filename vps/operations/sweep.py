"""The way back for what was left lying: a lost bell, a killed or paused worker, a broker that is gone.

The process `manage.py sweeper` calls it every moment, whatever becomes of Redis; two at once are harmless.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from vps.db.locks import break_locks, idle_holders
from vps.models import Operation, Suspension, Vps
from vps.open_hypervisor import full_clusters
from vps.operations.advance import why_late
from vps.operations.finish import fail
from vps.operations.suspensions import NEGLECTED_S as NEGLECTED_SUSPENSION_S

# In seconds. A bell takes a moment; one that has not come by then never will, or its worker has died.
OVERDUE_S = 2.0
# Then bells are of no use, and whoever sweeps does the work.
NEGLECTED_S = 6.0
# A turn says something to the database between two calls, of which the longest takes 58 s.
IDLE_S = 60.0
# A last look at what is late takes a moment too.
OVERRUN_S = 10.0


@dataclass
class Sweep:
    """What is to be rung for, or done: clusters to `work` on, and (cluster, node) to `watch`."""

    work: set[int] = field(default_factory=set)
    watch: set[tuple[int, str]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.work or self.watch)


def signs() -> Iterator[Any]:
    """Queries that find something where `enforce`, `overdue` or `are_suspensions_neglected` do (vps.db.signs)."""
    yield idle_holders(IDLE_S)
    yield Operation.objects.overrun(OVERRUN_S)
    yield left_lying(OVERDUE_S)
    yield from Suspension.objects.neglected(NEGLECTED_SUSPENSION_S)


def left_lying(by_seconds: float) -> QuerySet[Operation]:
    """Where somebody's turn passed by so long ago. A command that waits in line is not left: where as many as may are at its
    cluster already, they come to it, and one more would be one too many."""
    in_line = ~Q(step__in=Operation.WATCHED) & Q(vps__placement__cluster__in=full_clusters())
    found: QuerySet[Operation] = Operation.objects.overdue(by_seconds).exclude(in_line)
    return found


def overdue(by_seconds: float = OVERDUE_S) -> Sweep:
    """What to ring for, or to do, of what is left lying."""
    found = Sweep()
    rows = left_lying(by_seconds).order_by()
    for cluster, node, step in rows.values_list("vps__placement__cluster_id", "node", "step").distinct():
        if cluster is not None and step in Operation.WATCHED:
            found.watch.add((cluster, node))
        elif cluster is not None:
            found.work.add(cluster)
    return found


def enforce() -> int:
    """Break the turns of workers that hang, and end what nobody has ended in time. Returns how many were ended."""
    break_locks(IDLE_S)
    late = Operation.objects.overrun(OVERRUN_S).values_list("id", "vps_id")
    return sum(end_overrun(id, vps_id) for id, vps_id in list(late[:500]))


@transaction.atomic
def end_overrun(id: int, vps_id: int | None) -> bool:
    """What somebody is writing of just now is left to the next round: who is paused in the middle of it holds up nobody."""
    is_free = Vps.objects.locked([vps_id], free_ones=True) or not Vps.objects.filter(pk__in=[vps_id]).exists()
    late = Operation.objects.overrun(OVERRUN_S).filter(id=id)
    operation = late.select_for_update(skip_locked=True).first() if is_free else None
    if operation is None:
        return False
    seized = operation.seize()
    fail(seized, why_late(seized), seized.error_detail)
    return True
