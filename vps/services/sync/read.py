"""Makes the batch of some sync commands, in two round trips where all goes well, however many commands there are.
services.sync.apply calls it.

Whoever writes of external ids claims them first, then makes sure of owners, then locks VPSs by their ids, then takes the
lock of moving placements: in this one order nobody waits for another in a circle.
"""

from collections.abc import Iterator

from accounts.models import User
from vps.db import clock
from vps.db.locks import MOVING, locking_until_commit
from vps.models import Cluster, ExternalId, LastSyncTime, Operation, Placement, Suspension, Tombstone, Vps
from vps.models.cluster import same_clusters
from vps.services.sync.batch import Batch
from vps.services.sync.commands import SyncCommand
from web.statements import Statement, run

Commands = list[SyncCommand]


def read_batch(commands: Commands) -> Batch:
    batch = Batch()
    ids = {command.id for command in commands if command.id}
    if any(command.external_id for command in commands):
        read_external_ids(batch, commands)
        ids |= set(batch.vps_id_by_external_id.values())
        run(rows(batch, commands, ids))
    else:
        run([*claims(batch, commands, {}), *rows(batch, commands, ids)])
    if gone := ids - batch.vpses.keys():
        run([Tombstone.objects.reading(gone, batch.tombstones.update)])
    if any(command.placement for command in commands):
        read_clusters(batch)
    know_guests(batch)
    forget_settled(batch)
    return batch


def read_external_ids(batch: Batch, commands: Commands) -> None:
    """What somebody else claimed before, or in between, is theirs: in between, they have committed by now."""
    giving = given_external_ids(commands)
    run(claims(batch, commands, giving))
    if known := giving.keys() - batch.claimed_ids.keys():
        run([ExternalId.objects.meanings(known, batch.vps_id_by_external_id.update)])


def given_external_ids(commands: Commands) -> dict[str, None]:
    """Those that a VPS may be given here: a new one, or one that an update names by its id."""
    giving = (one for one in commands if one.action == "create" or (one.action == "update" and one.id))
    return dict.fromkeys(command.external_id for command in giving if command.external_id)


def claims(batch: Batch, commands: Commands, giving: dict[str, None]) -> Iterator[Statement]:
    """The time, new ids, and the owners that are there. What an external id means is read without a lock: it never changes."""
    yield clock.reading(batch.begin)
    if giving:
        yield ExternalId.objects.claiming(giving, batch.claimed_ids.update)
    if others := {command.external_id for command in commands if command.external_id} - giving.keys():
        yield ExternalId.objects.meanings(others, batch.vps_id_by_external_id.update)
    if unnamed := sum(command.action == "create" and not command.external_id for command in commands):
        yield Vps.objects.reserving(unnamed, lambda found: batch.new_ids.extend(id for (id,) in found))
    if user_ids := {command.columns["user_id"] for command in commands if "user_id" in command.columns}:
        yield User.objects.staying(user_ids, lambda found: batch.user_ids.update(id for (id,) in found))


def rows(batch: Batch, commands: Commands, ids: set[int]) -> Iterator[Statement]:
    """What there is of these VPSs: they are locked before anything else of them is read, for until then one of them may be
    given its external id."""
    if ids:
        yield Vps.objects.locking(ids, batch.keep)
        yield ExternalId.objects.names_of(ids, lambda found: keep_external_ids(batch, dict(found)))
    if ids and any(command.occurred_at for command in commands):
        yield LastSyncTime.objects.reading(ids, batch.last_sync_times.update)
    if ids and any(command.suspension or "status" in command.columns for command in commands):
        yield Suspension.objects.reading(ids, lambda found: batch.suspensions.update((one.pk, one) for one in found))
    keys = {command.placement.ref.key for command in commands if command.placement}
    if ids and (keys or any(command.action == "delete" for command in commands)):
        yield Operation.objects.reading_busy(ids, lambda found: batch.busy.update(id for (id,) in found))
    if keys:
        yield locking_until_commit(MOVING)
    if ids or keys:
        yield Placement.objects.reading(ids, keys, batch.found_placements.extend)


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
