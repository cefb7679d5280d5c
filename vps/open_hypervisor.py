"""How services and operations reach a cluster: a few at a time, and what is unreachable is left alone for a while.

A cluster that hangs holds up as many workers as it has slots, once; from then on one probe at a time finds out whether
it is back. A node that hangs is asked seldom too, and its cluster goes on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, reduce
from operator import or_

from django.db.models import Q, QuerySet

from vps.db import clock
from vps.db.locks import full, slot
from vps.drivers import DRIVERS
from vps.hypervisor import Hypervisor, connect, traits_of
from vps.hypervisor.base import Access, HypervisorError, Refusal, Refused, Unreachable
from vps.models import Cluster, ClusterNode, Operation

# Of the calls that a cluster takes at once, those who give commands leave one to those who look: what is not seen done does
# not end.
LEFT_TO_LOOK = 1
# What comes in hundreds, and no operation waits for, leaves these to operations.
LEFT_TO_OPERATIONS = 2


class Crowded(HypervisorError):
    """As many as may are asking this cluster already: come back later."""


@contextmanager
def open_hypervisor(cluster: Cluster, *, to_command: bool = False, for_operations: bool = True) -> Iterator[Hypervisor]:
    """The cluster's hypervisor, for one call at a time. Raises Crowded, and by its calls HypervisorError. As many are at it
    then as one of its kind takes (`Traits.at_once`), or as may be at it for this.

    The row has to be of now: by its failures it is held back.
    """
    slots = slots_of(cluster, to_command=to_command, for_operations=for_operations)
    with slot(cluster.pk, slots) as is_mine:
        if not is_mine:
            raise Crowded(f"{len(slots)} are asking {cluster} already")
        hypervisor = connect(cluster.hypervisor, Access(**cluster.credentials()), Breaker(cluster))
        try:
            yield hypervisor
        finally:
            hypervisor.close()


def slots_of(cluster: Cluster, *, to_command: bool, for_operations: bool) -> Sequence[int]:
    """Which may be taken for this, in their order. Who may have them all takes from the others only when its own are full."""
    at_once = traits_of(cluster.hypervisor).at_once
    if to_command:
        return range(most_commanding(cluster.hypervisor))
    return range(at_once)[::-1] if for_operations else range(LEFT_TO_OPERATIONS, at_once)[::-1]


def most_commanding(hypervisor: str) -> int:
    return max(1, traits_of(hypervisor).at_once - LEFT_TO_LOOK)


def full_clusters() -> QuerySet[Cluster]:
    """Those to which as many as may give commands already."""
    of_each = (Q(hypervisor=name, pk__in=full(most_commanding(name))) for name in DRIVERS)
    found: QuerySet[Cluster] = Cluster.objects.filter(reduce(or_, of_each)).order_by()
    return found


def retry_in_s(cluster_id: int, nodes: set[str]) -> float:
    """How long to wait for the cluster, or the last of these nodes of it, to be asked again. 0 where all of them answer.

    One that refuses its list alone may be asked for its guests.
    """
    at = [
        *Cluster.objects.filter(pk=cluster_id, is_refusing=False).values_list("retry_at", flat=True),
        *ClusterNode.objects.filter(cluster_id=cluster_id, name__in=nodes).values_list("retry_at", flat=True),
    ]
    return max(((moment - clock.now()).total_seconds() for moment in at if moment), default=0.0)


class Breaker:
    """Keeps how the cluster and its nodes are, by what comes of the calls (hypervisor.guard).

    A cluster that answers and refuses what everything hangs on, its list, is probed for that alone: its guests may still
    be asked for, and what they answer does not say that it is well again.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.is_unreachable, self.is_refusing = cluster.failures > 0, cluster.is_refusing

    @cached_property
    def unreachable_nodes(self) -> set[str]:
        """The nodes that were unreachable when the first call to any was made."""
        return set(ClusterNode.objects.unreachable().filter(cluster=self.cluster).values_list("name", flat=True))

    def before(self, node: str) -> None:
        """The node first: its cluster's one probe is not spent on a call that the node holds back."""
        if node and node in self.unreachable_nodes and not self.row_of(node).admit_call():
            raise Unreachable(f"{node} does not answer, and is asked again later")
        is_held_back = self.is_unreachable and not (node and self.is_refusing)
        if is_held_back and not self.cluster.admit_call():
            raise Unreachable(f"{self.cluster} does not answer, and is asked again later")

    def connected(self) -> None:
        if not self.is_refusing:
            self.cluster_answered()

    def cluster_answered(self) -> None:
        """A cluster that hung made its nodes look unreachable too: those are asked again as soon as it is back."""
        if self.is_unreachable:
            self.cluster.record_answer()
            ClusterNode.objects.ask_all_at_once(self.cluster.pk)
            Operation.objects.on(self.cluster.pk).wake()
            self.is_unreachable = self.is_refusing = False

    def answered(self, node: str) -> None:
        if node:
            self.connected()
        else:
            self.cluster_answered()
        if node and node in self.unreachable_nodes:
            self.row_of(node).record_answer()
            Operation.objects.on(self.cluster.pk).wake()
            self.unreachable_nodes.discard(node)

    def failed(self, node: str, error: HypervisorError) -> None:
        if node:
            self.row_of(node).record_failure(error.detail)
            self.unreachable_nodes.add(node)
        else:
            is_refusing = isinstance(error, Refused) and error.reason != Refusal.UNAUTHENTICATED
            self.cluster.record_failure(error.detail, is_refusing=is_refusing)
            self.is_unreachable, self.is_refusing = True, is_refusing

    def row_of(self, node: str) -> ClusterNode:
        row: ClusterNode = ClusterNode.objects.named(self.cluster.pk, node)
        return row
