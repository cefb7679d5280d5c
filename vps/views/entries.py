"""What happened to a server, a line for each, in words for its owner. For the pages of its activity and its overview."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vps.models import Event, Operation, Suspension
from vps.models.failures import sentence_of
from vps.operations.verbs import verb_of
from vps.views.who import Asker, asker_of
from web.errors import Sentence
from web.time_spans import span

Type = Event.Type
CHANGED: dict[str, Sentence] = {
    "user_id": gettext_lazy("Handed over to you"),
    "name": gettext_lazy("Name changed"),
    "cpu": gettext_lazy("Size changed"),
    "ram": gettext_lazy("Size changed"),
    "disk": gettext_lazy("Size changed"),
    "ip_address": gettext_lazy("Address changed"),
    "os": gettext_lazy("System changed"),
}
REASONS: dict[str, Sentence] = {
    Suspension.Reason.UNPAID: gettext_lazy("Unpaid"),
    Suspension.Reason.ABUSE: gettext_lazy("Rules broken"),
    Suspension.Reason.STAFF: gettext_lazy("Decided by our staff"),
}
WHOLE: dict[str, Sentence] = {
    Type.VPS_CREATED: gettext_lazy("Server created"),
    Type.VPS_BOUND: gettext_lazy("Connected to its hypervisor"),
    Type.VPS_UNBOUND: gettext_lazy("Disconnected from its hypervisor"),
    Type.VPS_MISSING: gettext_lazy("Not found on its hypervisor"),
    Type.VPS_IDENTITY_MISMATCH: gettext_lazy("Another machine found in its place"),
    Type.VPS_FOUND: gettext_lazy("Found on its hypervisor again"),
}
SEEN: dict[str, Sentence] = {
    "running": gettext_lazy("Seen running"),
    "stopped": gettext_lazy("Seen stopped"),
    "error": gettext_lazy("Error"),
}


@dataclass(frozen=True)
class Entry:
    """`what` stands where a column beside it has the `result`, and `title`, which says how it ended, where its `outcome`
    stands below. Both have the colour of its `tone`, and words where there is more to say than that it happened."""

    id: int
    at: datetime
    what: Sentence
    asker: Asker
    tone: str = "off"
    icon: str = "info-circle"
    outcome: Sentence = ""
    result: Sentence = ""
    title: Sentence = ""
    operation: Operation | None = None


def entries_of(events: Iterable[Event], reader: Any) -> list[Entry]:
    """Of rows that came by `Event.objects.activity_of`."""
    return [entry_of(event, reader) for event in events]


def entry_of(event: Event, reader: Any) -> Entry:
    asker = asker_of(event.by, event.source, reader)
    if event.operation:
        return of_operation(event, event.operation, asker)
    what, outcome = BY_TYPE.get(event.type, whole)(event)
    known = Asker("") if event.type == Type.VPS_STATUS_CHANGED else asker
    return Entry(event.pk, event.created_at, what, known, outcome=outcome, result=outcome, title=what)


def of_operation(event: Event, operation: Operation, asker: Asker) -> Entry:
    verb = verb_of(operation)
    tone, icon, outcome = outcome_of(operation)
    title, result = verb.noun, outcome
    if tone == "fail":
        title, result = verb.failed, _("Failed: %(reason)s") % {"reason": within(outcome)}
    return Entry(event.pk, event.created_at, verb.noun, asker, tone, icon, outcome, result, title, operation)


def outcome_of(operation: Operation) -> tuple[str, str, str]:
    """Its tone, its icon and its words."""
    if operation.is_open:
        return "busy", "loader-2", _("Under way: %(step)s") % {"step": within(operation.get_step_display())}
    if operation.state == Operation.State.SUCCEEDED:
        return "run", "circle-check", _("Done in %(time)s") % {"time": span(seconds_of(operation))}
    if operation.error_code == "superseded":
        return "off", "info-circle", str(operation.failure).rstrip(".")
    return "fail", "alert-triangle", str(operation.failure).rstrip(".")


def within(sentence: str) -> str:
    """Behind a colon."""
    return sentence[:1].lower() + sentence[1:]


def seconds_of(operation: Operation) -> float | None:
    """How long it took, from when it was asked for."""
    return (operation.finished_at - operation.created_at).total_seconds() if operation.finished_at else None


def whole(event: Event) -> tuple[Sentence, Sentence]:
    return WHOLE[event.type], ""


def change(event: Event) -> tuple[Sentence, Sentence]:
    """A suspension is the news, whatever changed beside it."""
    data = event.data
    if "suspension" in data:
        return suspension(data["suspension"])
    named = dict.fromkeys(str(CHANGED[column]) for column in CHANGED if column in data["changed"])
    return ". ".join(named), ""


def suspension(suspended: dict[str, Any] | None) -> tuple[Sentence, Sentence]:
    if suspended is None:
        return _("Suspension ended"), ""
    words = [str(part) for part in (REASONS.get(suspended["reason"] or "", ""), suspended["message"] or "") if part]
    return _("Suspended"), ". ".join(words)


def power(event: Event) -> tuple[Sentence, Sentence]:
    """Somebody has switched it on or off without the panel, or the panel has given it up."""
    code = event.data.get("code", "")
    status = str(event.data.get("status", ""))
    return SEEN.get(status, status), sentence_of(code) if code else _("Not by a command from the panel")


BY_TYPE: dict[str, Callable[[Event], tuple[Sentence, Sentence]]] = {
    Type.VPS_UPDATED: change,
    Type.VPS_STATUS_CHANGED: power,
}
