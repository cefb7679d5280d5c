"""Writes what changed in the batch, a statement a table, all of them in one round trip. services.sync.apply calls it."""

from collections.abc import Callable, Iterable, Iterator

from vps import notify
from vps.models import Event, ExternalId, LastSyncTime, Notice, Operation, Placement, Suspension, Tombstone, Vps
from vps.services.sync.batch import Batch
from web.statements import Statement, run

# A guest is looked for by its name a moment later, at once for all servers that came meanwhile: each look asks for lists.
BINDS_AFTER_S = 1.0


def write(batch: Batch) -> None:
    """A VPS that the same batch creates and deletes leaves its tombstone and its events, and no row."""
    end_operations(batch)
    run([*frees(batch), *statements(batch)], is_last=not batch.begun_suspensions)
    finish(batch)


def write_part(batch: Batch, send: Callable[[Iterable[Statement]], object]) -> None:
    """As `write`, of a part of a long batch: what is claimed may be given by one that follows. `send` carries statements out,
    be it while others are computed."""
    end_operations(batch)
    (run if batch.begun_suspensions else send)(statements(batch))
    finish(batch)


def finish(batch: Batch) -> None:
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
    if moved := pointed(batch):
        yield ExternalId.objects.pointing(moved)
    if batch.new_sync_times:
        yield LastSyncTime.objects.keeping(batch.new_sync_times)
    if new := batch.new_placements.values():
        yield Placement.objects.insertion(new, batch.identify)
    if batch.addressed:
        yield Placement.objects.forgetting_addresses(batch.addressed)
    yield from of_suspensions(batch)
    if gone := [row for id, row in batch.deleted.items() if id not in batch.created and id not in batch.made_before]:
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


def frees(batch: Batch) -> Iterator[Statement]:
    """What was claimed and nobody was given is free again."""
    if batch.claimed_ids:
        yield ExternalId.objects.freeing(batch.claimed_ids)


def pointed(batch: Batch) -> dict[str, int]:
    """The external ids that were claimed for a new VPS and given to another one since, each with that one's id."""
    meant = batch.vps_id_by_external_id
    given = batch.given_external_ids.items()
    return {external_id: meant[external_id] for external_id, claimed in given if claimed != meant[external_id]}


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
