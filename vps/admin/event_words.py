"""What an event's data say, in a sentence: for the staff's lists of events. The data themselves stand on the event's page."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vps.attention.reasons import reason_of
from vps.models import Event, Operation, Placement, Suspension, Vps
from vps.operations.verbs import BY_KIND
from web.errors import Sentence

# What of a server may change, as the events name it.
COLUMNS: dict[str, Sentence] = {
    "name": gettext_lazy("name"),
    "status": gettext_lazy("state"),
    "ip_address": gettext_lazy("address"),
    "cpu": gettext_lazy("cores"),
    "ram": gettext_lazy("memory"),
    "disk": gettext_lazy("disk"),
    "os": gettext_lazy("operating system"),
    "user_id": gettext_lazy("owner"),
    "hypervisor": gettext_lazy("hypervisor"),
}


def in_words(event: Event) -> str:
    """Nothing, where its type says all."""
    sentence = SENTENCES.get(event.type)
    return sentence(event, event.data) if sentence else ""


def created(_event: Event, data: dict[str, Any]) -> str:
    return suspended(data) if data.get("suspension") else state(data.get("status", ""))


def updated(_event: Event, data: dict[str, Any]) -> str:
    changed = [COLUMNS.get(name, name) for name in data.get("changed", []) if name != "suspension"]
    return joined(*changed, suspended(data))


def suspended(data: dict[str, Any]) -> str:
    """Why it is suspended from then on, or that it is no more."""
    if "suspension" not in data:
        return ""
    suspension = data["suspension"]
    if not suspension:
        return _("the suspension has ended")
    reason = dict(Suspension.Reason.choices).get(suspension["reason"], _("no reason given"))
    return joined(
        _("suspended: %(reason)s") % {"reason": reason},
        _("“%(message)s”") % {"message": suspension["message"]} if suspension["message"] else "",
        _("it is to be stopped") if suspension["power"] == Suspension.Power.STOP else "",
    )


def deleted(_event: Event, data: dict[str, Any]) -> str:
    return str(data.get("name", ""))


def bound(_event: Event, data: dict[str, Any]) -> str:
    """Which guest: of events of before, by its number."""
    guest = str(data.get("guest", data.get("vmid", "")))
    kind = dict(Placement.Kind.choices).get(data.get("kind", ""), "")
    return joined(
        data.get("cluster", ""), f"{kind} {guest}".strip() if kind else _("guest %(guest)s") % {"guest": guest}
    )


def mismatched(event: Event, data: dict[str, Any]) -> str:
    marks = {"expected": data.get("expected") or "—", "found": data.get("found") or _("a guest without identity")}
    return joined(bound(event, data), _("expected %(expected)s, found %(found)s") % marks)


def moved(_event: Event, data: dict[str, Any]) -> str:
    change = " → ".join(filter(None, (state(data.get("was", "")), state(data.get("status", "")))))
    return joined(change, reason_of(data["code"]) if data.get("code") else "")


def state(word: str) -> str:
    return str(dict(Vps.Status.choices).get(word, word))


def asked(event: Event, data: dict[str, Any]) -> str:
    """What was asked for. Where the operation is gone, its kind is known, and of its queueing whether it was forced."""
    is_forced = event.operation.is_forced if event.operation else bool(data.get("force"))
    kind = data.get("kind", "")
    verb = BY_KIND.get((Operation.Kind(kind), is_forced)) if kind in Operation.Kind.values else None
    return str(verb.noun if verb else kind)


def failed(event: Event, data: dict[str, Any]) -> str:
    return joined(asked(event, data), reason_of(data["code"]) if data.get("code") else "", separator=": ")


def joined(*parts: Any, separator: str = ", ") -> str:
    return separator.join(str(part) for part in parts if part)


Type = Event.Type
SENTENCES: dict[str, Callable[[Event, dict[str, Any]], str]] = {
    Type.VPS_CREATED: created,
    Type.VPS_UPDATED: updated,
    Type.VPS_DELETED: deleted,
    Type.VPS_BOUND: bound,
    Type.VPS_UNBOUND: bound,
    Type.VPS_STATUS_CHANGED: moved,
    Type.VPS_MISSING: bound,
    Type.VPS_IDENTITY_MISMATCH: mismatched,
    Type.VPS_FOUND: bound,
    Type.OPERATION_QUEUED: asked,
    Type.OPERATION_SUCCEEDED: asked,
    Type.OPERATION_FAILED: failed,
}
