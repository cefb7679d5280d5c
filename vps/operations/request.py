"""Ask for a power operation. Any door calls it; the hypervisor is not, so the answer takes milliseconds."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps import notify
from vps.drivers import has_driver
from vps.errors import (
    HypervisorUnavailable,
    HypervisorUnsupported,
    IdentityMismatch,
    OperationInProgress,
    VpsCreating,
    VpsMissing,
    VpsNotFound,
    VpsSuspended,
    VpsUnbound,
)
from vps.hypervisor import traits_of
from vps.hypervisor.base import Power
from vps.models import Event, Notice, Operation, Suspension, Vps
from vps.operations.finish import fail
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, verb_of
from web.errors import PanelError

NOT_POSSIBLE = _("This cannot be done with a server of this kind.")


def refusal(vps: Vps, verb: Verb | None = None, *, is_order: bool = False) -> PanelError | None:
    """Why this verb, or any, cannot be asked of this VPS now, or None. An open operation is not a reason of this kind.

    `is_order`: the panel itself asks, for its suspension's sake.
    """
    if error := unbound(vps) if is_order else prohibition(vps):
        return error
    if verb and not is_possible(vps, verb):
        return HypervisorUnsupported(NOT_POSSIBLE)
    if vps.placement.identity_mismatch:
        return IdentityMismatch()
    if vps.placement.missing_since:
        return VpsMissing()
    return HypervisorUnavailable() if vps.placement.is_unreachable(timezone.now()) else None


def prohibition(vps: Vps) -> PanelError | None:
    """Why none may be carried out, whatever the hypervisor says, or None."""
    if suspension := vps.current_suspension:
        return VpsSuspended(extra={"suspension": suspension.for_customer()})
    return VpsCreating() if vps.status == Vps.Status.CREATING else unbound(vps)


def unbound(vps: Vps) -> PanelError | None:
    if hasattr(vps, "placement"):
        return None
    return VpsUnbound() if has_driver(vps.hypervisor) else HypervisorUnsupported()


def is_order(verb: Verb, source: str) -> bool:
    """Whether this is asked for because the server is suspended: the panel itself asks for nothing else to go down."""
    return source == Event.Source.SYSTEM and verb.goal == Power.STOPPED


def why_withheld(operation: Operation, vps: Vps) -> str:
    """The code of why a command that has not left may not leave any more, or ''."""
    if is_order(verb_of(operation), operation.source):
        return "" if Suspension.objects.orders_stop(vps.pk) else "suspension_ended"
    error = prohibition(vps)
    return error.code if error else ""


def is_possible(vps: Vps, verb: Verb) -> bool:
    """Whether the driver can do this with a guest of its kind. Of a VPS that is not bound nobody can tell yet."""
    if not hasattr(vps, "placement"):
        return True
    hypervisor = vps.placement.cluster.hypervisor
    return has_driver(hypervisor) and verb.command in traits_of(hypervisor).commands[vps.placement.ref.kind]


@transaction.atomic
def request(vps: Vps, name: str, *, by: Any, source: str, params: dict[str, Any] | None = None) -> Operation:
    """Queue the verb of this name for `vps`. `params` are valid by `Verb.params`. Whoever asks has read what failed before.

    Raises VpsNotFound, what `refusal` gives, or OperationInProgress, where the verb may not overtake what is open.
    """
    verb = VERBS[name]
    locked = Vps.objects.locked_one(vps.pk)
    if locked is None:
        raise VpsNotFound
    if error := refusal(locked, verb, is_order=is_order(verb, source)):
        raise error
    if by is not None:
        Notice.objects.filter(vps=locked, user=by).dismiss()
    end_what_is_overtaken(locked, verb, by=by, source=source)
    return queue(locked, verb, by=by, source=source, params=params or {})


def end_what_is_overtaken(vps: Vps, verb: Verb, *, by: Any, source: str) -> None:
    """One VPS has one open operation. A verb that may overtake ends it, unless what is open might do so too.

    Whose name a refusal tells is the caller's: the main site, for whomever it asks, is shown all.
    """
    running = vps.operations.open().select_related("requested_by").first()
    if running is None:
        return
    if not verb.may_overtake or verb_of(running).may_overtake:
        reader = None if source == Event.Source.SYNC else by
        raise OperationInProgress(extra={"operation": running.public(reader)})
    fail(running.seize(), "superseded", f"by {verb.name} of {by or source}")


def queue(vps: Vps, verb: Verb, *, by: Any, source: str, params: dict[str, Any]) -> Operation:
    operation: Operation = Operation.objects.create(
        vps=vps,
        kind=verb.kind,
        is_forced=verb.is_forced,
        params=params,
        requested_by=by,
        source=source,
        deadline_at=Now() + verb.deadline,
    )
    operation.refresh_from_db(fields=["created_at", "deadline_at"])
    asked = {"kind": verb.kind} | ({"force": True} if verb.is_forced else {})
    Event.objects.record("operation.queued", vps, by=by, source=source, operation=operation, **asked)
    notify.worker("work", vps.placement.cluster_id)
    return operation
