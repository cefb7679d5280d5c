"""Why a VPS is suspended, as the main site says: applied to the batch, in memory. For services.sync.actions."""

from typing import Any

from vps.models import Suspension, Vps
from vps.models.vps import Row
from vps.services.sync.batch import Batch
from vps.services.sync.commands import SuspensionSpec, SyncCommand
from web.errors import invalid

NOT_SUSPENDED = (
    'Says why a server is suspended, and this one is not: send it with "status": "suspended", or leave it out.'
)
BARE = SuspensionSpec()
Change = tuple[Suspension | None, Suspension | None]


def refuse_unfit(vps: Row | None, command: SyncCommand) -> None:
    """A reason is given for what the command leaves, or makes, suspended. `vps` is as before it. Raises InvalidInput."""
    status = command.columns.get("status", vps and vps["status"])
    if command.suspension and command.suspension.reason and status != Vps.Status.SUSPENDED:
        raise invalid({f"vps.{command.suspension.field}": NOT_SUSPENDED})


def change(batch: Batch, vps: Row, spec: SuspensionSpec | None, *, was_suspended: bool) -> Change | None:
    """What this makes of it, as (was, is); None where that is nothing. `vps` has its new status.

    A suspension that comes again as it was, or with nothing said of it, stays as it is.
    """
    was = in_force(batch, vps["id"]) if was_suspended else None
    if vps["status"] != Vps.Status.SUSPENDED:
        return end(batch, vps["id"], was) if was_suspended else None
    if was_suspended and (spec is None or details(spec) == details(was or BARE)):
        return None
    fresh = begun(batch, vps["id"]) if was is None else continued(was)
    for name, value in details(spec or BARE).items():
        setattr(fresh, name, value)
    batch.suspensions[vps["id"]] = fresh
    batch.changed_suspensions.add(vps["id"])
    return was, fresh


def in_force(batch: Batch, id: int) -> Suspension | None:
    """None of one that the panel knows nothing of, too."""
    known = batch.suspensions.get(id)
    return known if known and known.ended_at is None else None


def begun(batch: Batch, id: int) -> Suspension:
    """What is still owed from the suspension before is owed by this one: the guest was running before both."""
    old = batch.suspensions.get(id)
    owed: dict[str, Any] = {"has_stopped": True, "power_before": "running"} if old and old.is_owed else {}
    batch.begun_suspensions.add(id)
    return Suspension(vps_id=id, since=batch.now, next_try_at=batch.now, **owed)


def continued(was: Suspension) -> Suspension:
    """What the panel itself has noted stays."""
    columns = {field.attname: getattr(was, field.attname) for field in was._meta.concrete_fields}
    return Suspension(**columns)


def end(batch: Batch, id: int, was: Suspension | None) -> Change:
    """Where what was running was to be down, the row stays until it runs again."""
    if was and was.is_owed:
        fresh = continued(was)
        fresh.ended_at = fresh.next_try_at = batch.now
        fresh.tries = 0
        batch.suspensions[id] = fresh
    else:
        batch.suspensions.pop(id, None)
    batch.changed_suspensions.add(id)
    return was, None


def details(of: SuspensionSpec | Suspension) -> dict[str, str]:
    return {name: getattr(of, name) for name in ("reason", "message", "pay_url", "power")}
