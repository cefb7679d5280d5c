"""Writes what changed in the batch: a statement a table, or one for each thousand rows. services.sync.apply calls it."""

from vps import notify
from vps.models import Event, ExternalId, LastSyncTime, Notice, Operation, Placement, Suspension, Tombstone, Vps
from vps.services.sync.batch import Batch

AT_ONCE = 1000
# A guest is looked for by its name a moment later, at once for all servers that came meanwhile: each look asks for lists.
BINDS_AFTER_S = 1.0


def write(batch: Batch) -> None:
    """A VPS that the same batch creates and deletes leaves its tombstone and its events, and no row."""
    end_placements(batch)
    Vps.objects.remove([id for id in batch.deleted if id not in batch.created])
    Tombstone.objects.bulk_create([Tombstone(vps_id=id, row=row) for id, row in batch.deleted.items()], AT_ONCE)
    Vps.objects.bulk_create([vps for id, vps in batch.created.items() if id not in batch.deleted], AT_ONCE)
    Vps.objects.rewrite([vps for id, vps in batch.changed.items() if id not in batch.created])
    write_external_ids(batch)
    LastSyncTime.objects.keep(batch.new_sync_times)
    Placement.objects.bulk_create(batch.new_placements.values(), AT_ONCE)
    if batch.addressed:
        Placement.objects.filter(vps_id__in=batch.addressed).update(learnt_address="")
    write_suspensions(batch)
    Notice.objects.record_deletions(row for id, row in batch.deleted.items() if id not in batch.created)
    Event.objects.record_all(batch.events)
    announce(batch)


def end_placements(batch: Batch) -> None:
    """An operation that was asked of a guest is no operation on another one."""
    if batch.deleted:
        Operation.objects.cut_off(list(batch.deleted), "vps_deleted")
    if moved := [id for id in batch.unplaced if id not in batch.deleted]:
        Operation.objects.cut_off(moved, "vps_unbound")
    if batch.unplaced:
        Placement.objects.filter(vps_id__in=batch.unplaced).delete()


def write_external_ids(batch: Batch) -> None:
    """What was claimed for a VPS that did not come to be is free again, or means the VPS that it was given to since."""
    if unused := set(batch.claimed_ids) - batch.given_external_ids:
        ExternalId.objects.filter(external_id__in=unused).delete()
    meant = {external_id: batch.vps_id_by_external_id[external_id] for external_id in batch.given_external_ids}
    moved = {external_id: id for external_id, id in meant.items() if id != batch.claimed_ids[external_id]}
    ExternalId.objects.point(moved)


def write_suspensions(batch: Batch) -> None:
    """Those that have ended, and nothing is owed of, are gone from the batch."""
    changed = [id for id in batch.changed_suspensions if id in batch.vpses]
    Suspension.objects.keep([batch.suspensions[id] for id in changed if id in batch.suspensions])
    if over := [id for id in changed if id not in batch.suspensions]:
        Suspension.objects.filter(vps_id__in=over).delete()
    if batch.begun_suspensions:
        Suspension.objects.note_power(batch.begun_suspensions)
    if any(one.power == Suspension.Power.STOP or one.ended_at for id in changed if (one := batch.suspensions.get(id))):
        notify.one_worker("enforce_suspensions")


def announce(batch: Batch) -> None:
    """Events ring by themselves; pages look again, too, at what the main site has spoken of and not changed."""
    rung = {(event.vps_id, event.user_id) for event in batch.events}
    notify.many_pages([page for page in dict.fromkeys(batch.touched) if page not in rung])
    if placement_ids := [placement.pk for placement in batch.new_placements.values()] + batch.to_identify:
        notify.worker("identify_each", placement_ids)
    if any(id in batch.vpses and id not in batch.placements for id, _ in batch.touched):
        notify.one_worker("bind_by_name", after_seconds=BINDS_AFTER_S)
