"""Ask for a power operation. Any door calls it; the hypervisor is not, so the answer takes milliseconds."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from vps import notify
from vps.errors import (
    HypervisorUnavailable,
    HypervisorUnsupported,
    OperationInProgress,
    VpsCreating,
    VpsMissing,
    VpsMistaken,
    VpsNotFound,
    VpsSuspended,
    VpsUnbound,
)
from vps.models import Event, Operation, Vps
from vps.operations.finish import fail
from vps.operations.verbs import BY_KIND
from web.errors import PanelError

REFUSALS: dict[str, type[PanelError]] = {Vps.Status.SUSPENDED: VpsSuspended, Vps.Status.CREATING: VpsCreating}


def refusal(vps: Vps) -> PanelError | None:
    """Why no power operation can be asked of this VPS now, or None. An open operation is not a reason of this kind."""
    if error := prohibition(vps):
        return error
    if vps.placement.stranger:
        return VpsMistaken()
    if vps.placement.missing_since:
        return VpsMissing()
    return HypervisorUnavailable() if vps.placement.is_silent(timezone.now()) else None


def prohibition(vps: Vps) -> PanelError | None:
    """Why none may be carried out, whatever the hypervisor says, or None."""
    if error := REFUSALS.get(vps.status):
        return error()
    if hasattr(vps, "placement"):
        return None
    return VpsUnbound() if vps.hypervisor == Vps.Hypervisor.PROXMOX else HypervisorUnsupported()


@transaction.atomic
def request(vps: Vps, kind: str, *, by: Any, source: str, force: bool = False) -> Operation:
    """Queue `kind` (start, stop, restart, reboot) of `vps`. With `force`, a stop powers off at once.

    Raises VpsNotFound, what `refusal` gives, or OperationInProgress, which a forced stop alone overtakes.
    """
    locked = Vps.objects.locked_one(vps.pk)
    if locked is None:
        raise VpsNotFound
    if error := refusal(locked):
        raise error
    make_way(locked, is_forced=force, by=by)
    return queue(locked, Operation.Kind(kind), by=by, source=source, force=force)


def make_way(vps: Vps, *, is_forced: bool, by: Any) -> None:
    """One VPS has one open operation. Only a forced stop ends it, unless that too is a forced stop."""
    running = vps.operations.open().select_related("requested_by").first()
    if running is None:
        return
    if not is_forced or running.is_forced:
        raise OperationInProgress(extra={"operation": running.public(by)})
    fail(Operation.objects.seize(running), "superseded", f"by a forced stop of {by}")


def queue(vps: Vps, kind: Operation.Kind, *, by: Any, source: str, force: bool) -> Operation:
    operation: Operation = Operation.objects.create(
        vps=vps,
        kind=kind,
        is_forced=force,
        requested_by=by,
        source=source,
        deadline_at=Now() + BY_KIND[kind, force].deadline,
    )
    operation.refresh_from_db(fields=["created_at", "deadline_at"])
    asked = {"kind": kind} | ({"force": True} if force else {})
    Event.objects.record("operation.queued", vps, by=by, source=source, operation=operation, **asked)
    notify.worker("work", vps.placement.cluster_id)
    return operation
