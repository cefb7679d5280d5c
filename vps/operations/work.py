"""Work off what is due on a cluster. Rung by `request`, by a pause that is over, and by the sweeper; often is harmless.

What needs a command of its own is taken one by one, the oldest first; what waits for its node is watched all together.
"""

import time
from typing import NamedTuple

from vps import notify
from vps.hypervisor import Hypervisor
from vps.models import Cluster, Operation
from vps.open_hypervisor import Crowded, open_hypervisor
from vps.operations import pauses
from vps.operations.advance import advance, advance_claimed, reschedule
from vps.operations.task_log import clock_skew
from web.compiled_query import CompiledRows, whole, words

# A task goes on for so long, and then leaves the rest to another bell, in case something else is waiting in the queue.
WORKS_FOR_S = 20.0
# So many are read at a time of those that are due.
TAKEN_AT_ONCE = 4
# A look that is so late found no slot, nor has whoever looks at the cluster come round to it.
LATE_LOOK_S = 1.0
# So many are watched in one round, and nobody else takes them for so long.
WATCHED_AT_ONCE = 50
WATCHES_FOR_S = 8.0


class Due(NamedTuple):
    """An operation whose turn has come."""

    id: int
    vps_id: int
    step: str
    node: str


DUE = CompiledRows(
    lambda: (
        Operation.objects.due().on(whole("cluster")).unwatched(LATE_LOOK_S).values_list(*Due._fields)[:TAKEN_AT_ONCE]
    )
)
WATCHED_BEFORE = CompiledRows(
    lambda: (
        Operation.objects.watched(whole("cluster"), words("node"))
        .filter(pk__lt=whole("id"))
        .order_by("pk")
        .values_list("pk")[:1]
    )
)


class Round(NamedTuple):
    """Of a node: in how many seconds the first of those that wait there is due, and how many they are."""

    node: str
    seconds: float
    waiting: int


def work(cluster_id: int) -> None:
    """Advance what is due, until nothing is that is free. Where as many as may are at it, they will see to it.

    They look once more after they have let go: what came due meanwhile may have been left to them.
    """
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    until = time.monotonic() + WORKS_FOR_S
    is_any_due = cluster is not None
    while cluster and is_any_due:
        try:
            with open_hypervisor(cluster, to_command=True) as hypervisor:
                advance_all(cluster_id, hypervisor, due(cluster_id), until)
        except Crowded:
            return
        is_any_due = bool(due(cluster_id))
        if is_any_due and time.monotonic() > until:
            notify.worker("work", cluster_id)
            return


def due(cluster_id: int) -> list[Due]:
    """The next few that are not watched, or were watched by nobody when they should. They are more than one, for others take
    them too."""
    return [Due(*row) for row in DUE.all(cluster=cluster_id)]


def advance_all(cluster_id: int, hypervisor: Hypervisor, next_ones: list[Due], until: float) -> None:
    """One after another, until nothing is due, or all of it is in others' hands."""
    while time.monotonic() < until and next_ones:
        least = pauses.SOON if len(next_ones) > 1 else pauses.NOW
        if not any(advance_due(cluster_id, one, hypervisor, least) for one in next_ones):
            return
        next_ones = due(cluster_id)


def advance_due(cluster_id: int, one: Due, hypervisor: Hypervisor, least: float) -> bool:
    """Whether this was a turn of ours, or a round. Where those who look find no slot, those who give commands look for
    them."""
    if one.step in Operation.WATCHED:
        if is_mine := advance_watched(cluster_id, one.node, hypervisor):
            ring_for_next_round(cluster_id, one.node)
        return is_mine
    advanced = advance(one.id, one.vps_id, hypervisor, least)
    if advanced:
        ring_for_next(cluster_id, *advanced)
    return advanced is not None


def ring_for_next(cluster_id: int, operation: Operation, pause: float | None) -> None:
    """Ring for its next turn. The sweeper, which comes round anyway, asks again where nobody answers.

    Of those watched together the oldest rings for all: of two that come at the same moment each would leave it to the
    other.
    """
    if pause is None or operation.step == Operation.Step.UNREACHABLE:
        return
    if operation.step in Operation.WATCHED:
        if not WATCHED_BEFORE.all(cluster=cluster_id, node=operation.node, id=operation.pk):
            notify.worker("watch", cluster_id, operation.node, after_seconds=pause)
    elif pause:
        notify.worker("work", cluster_id, after_seconds=pause)


def watch(cluster_id: int, node: str) -> None:
    """A round over what waits for this node, and a bell for the next while anything does.

    A bell that finds nothing to take ends here: whoever has taken it rings.
    """
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    if cluster is None:
        return
    try:
        with open_hypervisor(cluster) as hypervisor:
            make_rounds(cluster_id, node, hypervisor)
    except Crowded:
        if any(one.node == node and one.seconds <= 0 for one in rounds_left(cluster_id)):
            notify.worker("watch", cluster_id, node, after_seconds=pauses.SOON)


def rounds_left(cluster_id: int) -> list[Round]:
    return [Round(*row) for row in Operation.objects.rounds_left(cluster_id)]


def make_rounds(cluster_id: int, node: str, hypervisor: Hypervisor) -> None:
    """Over this node, and then over the others whose rounds are due: there may be one slot for all who look, so that their
    bells would find none."""
    until = time.monotonic() + WORKS_FOR_S
    while advance_watched(cluster_id, node, hypervisor):
        left = ring_for_next_round(cluster_id, node)
        others = (other for other, seconds, _ in left if other != node and seconds <= 0)
        if time.monotonic() > until or not (node := next(others, "")):
            return


def ring_for_next_round(cluster_id: int, node: str) -> list[Round]:
    """When the first of those that are left there is due. One alone may be looked at sooner than many. Returns the rounds that
    are left, of all nodes."""
    left = rounds_left(cluster_id)
    for _, seconds, waiting in (one for one in left if one.node == node):
        least = pauses.FIRST if waiting == 1 else pauses.SOON
        notify.worker("watch", cluster_id, node, after_seconds=min(max(seconds, least), WATCHES_FOR_S))
    return left


def advance_watched(cluster_id: int, node: str, hypervisor: Hypervisor) -> bool:
    """Whether there was anything to look after."""
    operations = Operation.objects.claim_watched(cluster_id, node, WATCHED_AT_ONCE, WATCHES_FOR_S, pauses.SOON)
    if not operations:
        return False
    since = min(operation.intent_at or operation.created_at for operation in operations) - clock_skew(hypervisor)
    listed = hypervisor.listed(node, since)
    next_in = {operation: advance_claimed(operation, listed) for operation in operations}
    least = pauses.SOON if len(operations) > 1 else pauses.NOW
    next_in = {operation: pause and max(pause, least) for operation, pause in next_in.items()}
    reschedule({operation: pause for operation, pause in next_in.items() if pause is not None})
    if any(operation.step not in Operation.WATCHED and operation.is_open for operation in operations):
        notify.worker("work", cluster_id)
    return True
