"""create, update and delete, each applied to the batch in memory: a command is checked in full before anything changes.

Each gives the Result, or raises the PanelError that says why nothing was done. For services.sync.apply.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from vps.errors import ExternalIdMismatch, ExternalIdTaken, UnknownUser, VpsNotFound
from vps.models import Vps
from vps.models.vps import Row
from vps.services.sync import placements, sizes, suspensions
from vps.services.sync.batch import Batch
from vps.services.sync.commands import Result, SyncCommand
from web.errors import invalid

# The clock of the main site may be so far ahead. A time that is further ahead would keep out every later command.
CLOCK_AHEAD = timedelta(minutes=5)


def create(batch: Batch, command: SyncCommand) -> Result:
    """Raises VpsDeleted, UnknownUser, UnknownCluster, PlacementTaken, HypervisorMismatch, InvalidInput."""
    external_id = command.external_id
    if external_id in batch.vps_id_by_external_id:
        vps = batch.vps(batch.vps_id_by_external_id[external_id])
        return Result(batch.row(vps), warnings=tuple(sizes.of_units(command.columns, command.columns)))
    refuse_invalid(batch, command)
    suspensions.refuse_unfit(None, command)
    cluster = placements.cluster_of(batch, command.placement)
    id = batch.claimed_ids[external_id] if external_id else batch.new_ids.popleft()
    vps = batch.new(id, command.columns)
    placements.refuse_unfit(batch, vps, cluster, command)
    batch.vpses[id] = batch.created[id] = vps
    batch.give_external_id(id, external_id)
    keep_sync_time(batch, command, id)
    suspended = suspensions.change(batch, vps, command.suspension, was_suspended=False)
    batch.add_event("vps.created", vps, status=vps["status"], **facts_of(suspended))
    placements.move(batch, vps, cluster, command.placement)
    warnings = sizes.warnings(batch, vps, command.columns, moved_by=command.placement)
    return Result(batch.row(vps), is_new=True, warnings=warnings)


def update(batch: Batch, command: SyncCommand) -> Result:
    """Raises VpsNotFound, VpsDeleted, ExternalIdTaken, ExternalIdMismatch and what `create` does."""
    vps = batch.vps(vps_id_of(batch, command))
    refuse_invalid(batch, command)
    if command.occurred_at and command.occurred_at < batch.last_sync_times.get(vps["id"], command.occurred_at):
        return Result(batch.row(vps), is_applied=False)
    suspensions.refuse_unfit(vps, command)
    cluster = placements.cluster_of(batch, command.placement)
    placements.refuse_unfit(batch, vps, cluster, command)
    if command.external_id not in batch.vps_id_by_external_id:
        batch.give_external_id(vps["id"], command.external_id)
    keep_sync_time(batch, command, vps["id"])
    changes = change(batch, command, vps)
    is_moved = placements.move(batch, vps, cluster, command.placement)
    warnings = () if is_moved else placements.check_again(batch, vps, command.placement)
    warnings += sizes.warnings(batch, vps, changes, moved_by=command.placement if is_moved else None)
    return Result(batch.row(vps), changes=changes, is_moved=is_moved, warnings=warnings)


def delete(batch: Batch, command: SyncCommand) -> Result:
    """A repeat is answered as done. Raises VpsNotFound, ExternalIdMismatch."""
    id = vps_id_of(batch, command)
    if id in batch.tombstones:
        return Result(batch.tombstones[id], was_deleted=True)
    vps = batch.vps(id)
    row = batch.row(vps)
    batch.add_event("vps.deleted", vps, name=vps["name"])
    placements.remove(batch, id)
    del batch.vpses[id]
    batch.tombstones[id] = batch.deleted[id] = row
    batch.changed.pop(id, None)
    return Result(row, is_deletion=True)


def vps_id_of(batch: Batch, command: SyncCommand) -> int:
    """Which VPS an update or a delete means. An update may give an external id to a VPS that has none."""
    meant = batch.vps_id_by_external_id.get(command.external_id or "")
    if not command.id:
        if meant is None:
            raise VpsNotFound(f"There is no VPS with external_id {command.external_id!r}.")
        return meant
    if command.external_id and meant != command.id:
        if meant is not None:
            raise ExternalIdTaken if command.action == "update" else ExternalIdMismatch
        if command.action == "delete" or command.id in batch.external_id_by_vps_id:
            raise ExternalIdMismatch
    return command.id


def refuse_invalid(batch: Batch, command: SyncCommand) -> None:
    """Raises UnknownUser, InvalidInput: for what the shape of the command alone does not show."""
    user_id = command.columns.get("user_id")
    if user_id is not None and user_id not in batch.user_ids:
        sentence = f"There is no user {user_id}."
        raise UnknownUser(sentence, errors={"vps.user_id": [sentence]})
    if command.occurred_at and command.occurred_at > batch.now + CLOCK_AHEAD:
        sentence = "Must not lie in the future: set the clock of the calling host."
        raise invalid({"occurred_at": sentence})


def keep_sync_time(batch: Batch, command: SyncCommand, id: int) -> None:
    if command.occurred_at:
        batch.last_sync_times[id] = batch.new_sync_times[id] = command.occurred_at


def change(batch: Batch, command: SyncCommand, vps: Row) -> dict[str, tuple[object, object]]:
    """What changes, as (was, is). The pages of a new owner look again, and those of the owner before."""
    was_suspended = vps["status"] == Vps.Status.SUSPENDED
    changes: dict[str, Any] = {
        name: (vps[name], value) for name, value in command.columns.items() if vps[name] != value
    }
    batch.touch(vps)
    if "ip_address" in command.columns:
        placements.keep_given_address(batch, vps)
    for name, (_, value) in changes.items():
        batch.change(vps, name, value)
    suspended = suspensions.change(batch, vps, command.suspension, was_suspended=was_suspended)
    if suspended:
        changes["suspension"] = suspended
    if changes:
        batch.add_event("vps.updated", vps, changed=sorted(changes), **facts_of(suspended))
    return changes


def facts_of(suspended: suspensions.Change | None) -> dict[str, Any]:
    """What an event says of it: null where it has ended."""
    return {"suspension": suspended[1] and suspended[1].public()} if suspended else {}


ACTIONS: dict[str, Callable[[Batch, SyncCommand], Result]] = {"create": create, "update": update, "delete": delete}
