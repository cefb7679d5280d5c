"""Makes the batch of some sync commands, in two round trips where all goes well, however many commands there are.
services.sync.apply calls it.

Whoever writes of external ids claims them first, then makes sure of owners, then locks VPSs by their ids, then takes the
lock of moving placements: in this one order nobody waits for another in a circle.
"""

from collections.abc import Callable, Iterable, Iterator

from accounts.models import User
from vps.db import clock
from vps.db.locks import MOVING, locking_until_commit
from vps.models import Cluster, ExternalId, LastSyncTime, Operation, Placement, Suspension, Tombstone, Vps
from vps.models.cluster import same_clusters
from vps.services.sync.batch import Batch
from vps.services.sync.commands import SyncCommand
from vps.services.sync.needs import Needs
from web.statements import Found, Statement, run


def read_batch(commands: list[SyncCommand]) -> Batch:
    batch, needs = Batch(), Needs.of(commands)
    if needs.giving or needs.named:
        claim(batch, needs)
        read_rows(batch, needs, needs.ids | set(batch.vps_id_by_external_id.values()))
    else:
        read_rows(batch, needs, needs.ids, first=claims(batch, needs))
    return batch


def lock_batch(needs: Needs) -> Batch:
    """Claims and locks in the one order all that a long batch needs, and reads none of it: its parts are read as they come.
    The needs are spent by it."""
    batch = Batch()
    claim(batch, needs)
    asked = needs.ids | set(batch.vps_id_by_external_id.values())
    found: list[int] = []
    run(locks(needs, asked, lambda rows: found.extend(id for (id,) in rows)))
    batch.absent_ids = asked.difference(found)
    needs.spend()
    return batch


def ids_of_part(batch: Batch, needs: Needs) -> set[int]:
    """The VPSs that a part of a long batch is about, but for those that it makes."""
    meant = (batch.vps_id_by_external_id.get(name) for name in (*needs.giving, *needs.named))
    return needs.ids | {id for id in meant if id}


def claim(batch: Batch, needs: Needs) -> None:
    run(claims(batch, needs))
    # What somebody else claimed before, or in between, is theirs: in between, they have committed by now.
    if known := needs.giving.keys() - batch.claimed_ids.keys():
        run([ExternalId.objects.meanings(known, batch.vps_id_by_external_id.update)])


def claims(batch: Batch, needs: Needs) -> Iterator[Statement]:
    """The time, new ids, and the owners that are there. What an external id means is read without a lock: it never changes."""
    yield clock.reading(batch.begin)
    if needs.giving:
        yield ExternalId.objects.claiming(needs.giving, batch.claimed_ids.update)
    if others := needs.named - needs.giving.keys():
        yield ExternalId.objects.meanings(others, batch.vps_id_by_external_id.update)
    if needs.unnamed:
        yield Vps.objects.reserving(needs.unnamed, lambda found: batch.new_ids.extend(id for (id,) in found))
    if needs.user_ids:
        yield User.objects.staying(needs.user_ids, lambda found: batch.user_ids.update(id for (id,) in found))


def locks(needs: Needs, ids: set[int], read: Callable[[Found], object]) -> Iterator[Statement]:
    if ids:
        yield Vps.objects.locking_alone(ids, read)
    if needs.guests:
        yield locking_until_commit(MOVING)


def read_rows(batch: Batch, needs: Needs, ids: set[int], first: Iterable[Statement] = ()) -> None:
    run([*first, *rows(batch, needs, ids)])
    if gone := ids - batch.vpses.keys():
        run([Tombstone.objects.reading(gone, batch.tombstones.update)])
    if needs.guests and not batch.clusters:
        read_clusters(batch)
    know_guests(batch)
    forget_settled(batch)


def rows(batch: Batch, needs: Needs, ids: set[int]) -> Iterator[Statement]:
    """What there is of these VPSs: they are locked before anything else of them is read, for until then one of them may be
    given its external id."""
    if ids:
        yield Vps.objects.locking(ids - batch.absent_ids, batch.keep)
        yield ExternalId.objects.names_of(ids, lambda found: keep_external_ids(batch, dict(found)))
    if ids and needs.has_times:
        yield LastSyncTime.objects.reading(ids, batch.last_sync_times.update)
    if ids and needs.has_statuses:
        yield Suspension.objects.reading(ids, lambda found: batch.suspensions.update((one.pk, one) for one in found))
    if ids and (needs.guests or needs.has_deletions):
        yield Operation.objects.reading_busy(ids, lambda found: batch.busy.update(id for (id,) in found))
    if needs.guests:
        yield locking_until_commit(MOVING)
    if ids or needs.guests:
        yield Placement.objects.reading(ids, needs.guests, batch.found_placements.extend)


def keep_external_ids(batch: Batch, known: dict[int, str]) -> None:
    """An id that was just claimed for a new VPS is no name of the one that a command has guessed."""
    named = {id: external_id for id, external_id in known.items() if external_id not in batch.claimed_ids}
    batch.external_id_by_vps_id.update(named)


def read_clusters(batch: Batch) -> None:
    """All of them: there are few, and whichever reaches the same one may hold the guest that is meant."""
    clusters = {cluster.pk: cluster for cluster in Cluster.objects.all()}
    batch.first_row_of = same_clusters(clusters.values())
    batch.clusters = {cluster.name: clusters[batch.first_row_of[cluster.pk]] for cluster in clusters.values()}


def know_guests(batch: Batch) -> None:
    """Once the clusters are known."""
    found = batch.found_placements
    batch.placements = {placement.vps_id: placement for placement in found if placement.vps_id in batch.vpses}
    batch.vps_id_by_guest = {batch.guest_of(one.cluster_id, one.guest): one.vps_id for one in found}


def forget_settled(batch: Batch) -> None:
    """Of all that any command may begin, change or end. What is owed no more is as good as forgotten."""
    over = [
        id for id in batch.suspensions if id not in batch.vpses or batch.vpses[id]["status"] != Vps.Status.SUSPENDED
    ]
    settled = Suspension.objects.settled().filter(pk__in=over).values_list("pk", flat=True) if over else ()
    for id in settled:
        del batch.suspensions[id]
