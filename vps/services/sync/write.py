"""Writes what changed in the batch, a statement a table, all of them in one round trip. services.sync.apply calls it."""

from collections.abc import Iterator

from vps import notify
from vps.models import Event, ExternalId, LastSyncTime, Notice, Operation, Placement, Suspension, Tombstone, Vps
from vps.services.sync.batch import Batch
from web.statements import Statement, run

# A guest is looked for by its name a moment later, at once for all servers that came meanwhile: each look asks for lists.
BINDS_AFTER_S = 1.0


def write(batch: Batch) -> None:
    """A VPS that the same batch creates and deletes leaves its tombstone and its events, and no row."""
    end_operations(batch)
    run(statements(batch), is_last=not batch.begun_suspensions)
    if batch.begun_suspensions:
        Suspension.objects.note_power(batch.begun_suspensions)
    announce(batch)


def end_operations(batch: Batch) -> None:
    """An operation that was asked of a guest is no operation on another one."""
    if deleted := batch.busy & batch.deleted.keys():
        Operation.objects.cut_off(list(deleted), "vps_deleted")
    if moved := batch.busy & batch.unplaced - batch.deleted.keys():
        Operation.objects.cut_off(list(moved), "vps_unbound")


def statements(batch: Batch) -> Iterator[Statement]:
    yield from of_vpses(batch)
    yield from of_external_ids(batch)
    if batch.new_sync_times:
        yield LastSyncTime.objects.keeping(batch.new_sync_times)
    if new := batch.new_placements.values():
        yield Placement.objects.insertion(new, batch.identify)
    if batch.addressed:
        yield Placement.objects.forgetting_addresses(batch.addressed)
    yield from of_suspensions(batch)
    if gone := [row for id, row in batch.deleted.items() if id not in batch.created]:
        yield Notice.objects.record_deletions(gone)
    if batch.events:
        yield Event.objects.recording(batch.events, Event.Source.SYNC)


def of_vpses(batch: Batch) -> Iterator[Statement]:
    """Placements go before their VPSs, and come after them."""
    if batch.unplaced:
        yield Placement.objects.removal(batch.unplaced)
    if gone := batch.deleted.keys() - batch.created.keys():
        yield Vps.objects.removal(gone)
    if batch.deleted:
        yield Tombstone.objects.insertion(batch.deleted)
    if made := [vps for id, vps in batch.created.items() if id not in batch.deleted]:
        yield Vps.objects.insertion(made, batch.now)
    if changed := [vps for id, vps in batch.changed.items() if id not in batch.created]:
        yield Vps.objects.rewriting(changed, batch.now)


def of_external_ids(batch: Batch) -> Iterator[Statement]:
    """What was claimed for a VPS that did not come to be is free again, or means the VPS that it was given to since."""
    if unused := batch.claimed_ids.keys() - batch.given_external_ids:
        yield ExternalId.objects.freeing(unused)
    meant = {external_id: batch.vps_id_by_external_id[external_id] for external_id in batch.given_external_ids}
    if moved := {external_id: id for external_id, id in meant.items() if id != batch.claimed_ids[external_id]}:
        yield ExternalId.objects.pointing(moved)


def of_suspensions(batch: Batch) -> Iterator[Statement]:
    """Those that have ended, and nothing is owed of, are gone from the batch."""
    changed = [id for id in batch.changed_suspensions if id in batch.vpses]
    if kept := [batch.suspensions[id] for id in changed if id in batch.suspensions]:
        yield Suspension.objects.keeping(kept)
    if over := [id for id in changed if id not in batch.suspensions]:
        yield Suspension.objects.removal(over)
    if any(one.power == Suspension.Power.STOP or one.ended_at for one in kept):
        notify.one_worker("enforce_suspensions")


def announce(batch: Batch) -> None:
    """Events ring by themselves; pages look again, too, at what the main site has spoken of and not changed."""
    rung = {(vps_id, user_id) for _, vps_id, user_id, _ in batch.events}
    notify.many_pages([page for page in dict.fromkeys(batch.touched) if page not in rung])
    if batch.to_identify:
        notify.worker("identify_each", batch.to_identify)
    if any(id in batch.vpses and id not in batch.placements for id, _ in batch.touched):
        notify.one_worker("bind_by_name", after_seconds=BINDS_AFTER_S)
