"""Makes the batch of some sync commands: a dozen statements, however many commands there are. services.sync.apply calls it.

Whoever writes of external ids claims them first, then locks VPSs by their ids, then takes the lock of moving placements:
in this one order nobody waits for another in a circle.
"""

from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import User
from vps.db import clock
from vps.db.locks import MOVING, lock_until_commit
from vps.models import Cluster, ExternalId, LastSyncTime, Placement, Suspension, Tombstone, Vps
from vps.models.cluster import same_clusters
from vps.services.sync.batch import Batch
from vps.services.sync.commands import SyncCommand

NEW_IDS = "SELECT nextval(pg_get_serial_sequence('vps', 'id')) FROM generate_series(1, %s)"


def read_batch(commands: list[SyncCommand]) -> Batch:
    batch = Batch(now=clock.now())
    read_meanings(batch, {command.external_id for command in commands if command.external_id})
    claim_external_ids(batch, commands)
    ids = {command.id for command in commands if command.id} | set(batch.vps_id_by_external_id.values())
    read_vpses(batch, ids)
    read_external_ids(batch, ids)
    read_users(batch, commands)
    read_last_sync_times(batch, commands)
    read_placements(batch, commands)
    read_suspensions(batch, commands)
    return batch


def read_meanings(batch: Batch, external_ids: set[str]) -> None:
    """Which VPS an external id means is read without a lock: it never changes."""
    if external_ids:
        known = ExternalId.objects.filter(external_id__in=external_ids)
        batch.vps_id_by_external_id |= dict(known.values_list("external_id", "vps_id"))


def claim_external_ids(batch: Batch, commands: list[SyncCommand]) -> None:
    """What somebody else claimed in between is theirs, and by now they have committed."""
    unknown = unknown_external_ids(batch, commands)
    without = sum(command.action == "create" and not command.external_id for command in commands)
    ids = reserve_ids(len(unknown) + without)
    claims = dict(zip(unknown, ids, strict=False))
    given = ExternalId.objects.claim(claims)
    batch.claimed_ids = {external_id: claims[external_id] for external_id in given}
    batch.new_ids = iter(ids[len(unknown) :])
    read_meanings(batch, set(unknown) - given)


def unknown_external_ids(batch: Batch, commands: list[SyncCommand]) -> list[str]:
    """Those that mean nothing yet, and that a VPS may be given here: a new one, or one that an update names."""
    giving = (one for one in commands if one.action == "create" or (one.action == "update" and one.id))
    named = dict.fromkeys(command.external_id for command in giving if command.external_id)
    return [external_id for external_id in named if external_id not in batch.vps_id_by_external_id]


def reserve_ids(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NEW_IDS, [count])
        return [row[0] for row in cursor.fetchall()]


def read_vpses(batch: Batch, ids: set[int]) -> None:
    batch.vpses = {vps.pk: vps for vps in Vps.objects.locked(ids)} if ids else {}
    if gone := ids - set(batch.vpses):
        batch.tombstones = {tombstone.pk: tombstone.row for tombstone in Tombstone.objects.filter(pk__in=gone)}


def read_external_ids(batch: Batch, ids: set[int]) -> None:
    """Once the VPSs are locked: until then one of them may be given its external id."""
    known = ExternalId.objects.filter(vps_id__in=ids).exclude(external_id__in=batch.claimed_ids) if ids else []
    batch.external_id_by_vps_id = {one.vps_id: one.external_id for one in known}


def read_users(batch: Batch, commands: list[SyncCommand]) -> None:
    if named := {command.columns["user_id"] for command in commands if "user_id" in command.columns}:
        batch.user_ids = User.objects.staying(named)


def read_last_sync_times(batch: Batch, commands: list[SyncCommand]) -> None:
    if batch.vpses and any(command.occurred_at for command in commands):
        known = LastSyncTime.objects.filter(vps_id__in=batch.vpses)
        batch.last_sync_times = dict(known.values_list("vps_id", "occurred_at"))


def read_placements(batch: Batch, commands: list[SyncCommand]) -> None:
    specs = [command.placement for command in commands if command.placement]
    wanted: Any = Q(vps_id__in=batch.vpses)
    if specs:
        lock_until_commit(MOVING)
        read_clusters(batch)
        wanted |= Q(cluster__in=batch.first_row_of, guest__in={spec.ref.key for spec in specs})
    found = list(Placement.objects.filter(wanted)) if specs or batch.vpses else []
    batch.placements = {placement.vps_id: placement for placement in found if placement.vps_id in batch.vpses}
    batch.vps_id_by_guest = {batch.guest_of(one.cluster_id, one.guest): one.vps_id for one in found}


def read_suspensions(batch: Batch, commands: list[SyncCommand]) -> None:
    """Of all, where any command may begin, change or end one. What is owed no more is as good as forgotten."""
    if batch.vpses and any(command.suspension or "status" in command.columns for command in commands):
        kept = Suspension.objects.filter(pk__in=batch.vpses).exclude(pk__in=Suspension.objects.settled())
        batch.suspensions = {one.pk: one for one in kept}


def read_clusters(batch: Batch) -> None:
    """All of them: there are few, and whichever reaches the same one may hold the guest that is meant."""
    rows = {cluster.pk: cluster for cluster in Cluster.objects.all()}
    batch.first_row_of = same_clusters(rows.values())
    batch.clusters = {cluster.name: rows[batch.first_row_of[cluster.pk]] for cluster in rows.values()}
