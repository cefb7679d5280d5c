"""The chips, heads, orders and rows of the list of servers. For the views of the list beside it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vps.models import Event, Operation, Vps
from vps.models.failures import sentence_of
from vps.models.narrowing import ATTENTION, IN_PROGRESS
from vps.operations.verb import ACCEPTED, PASSED_ON
from vps.operations.verbs import verb_of
from vps.services import metrics
from vps.views.list_address import ListAddress
from vps.views.stages import EXPLAINED, stage_now
from web.errors import Sentence

CHIPS: dict[str, Sentence] = {
    "": pgettext_lazy("servers", "All"),
    ATTENTION: _("Need attention"),
    "running": pgettext_lazy("servers", "Running"),
    "stopped": pgettext_lazy("servers", "Stopped"),
    IN_PROGRESS: _("In progress"),
    "suspended": pgettext_lazy("servers", "Suspended"),
}
HEADS: dict[str, Sentence] = {
    "name": _("Name"),
    "state": _("State"),
    "address": _("Address"),
    "size": pgettext_lazy("servers", "Size"),
}
# As a phone has them, which has no heads.
ORDERS: dict[str, Sentence] = {
    "name": _("By name, A to Z"),
    "-name": _("By name, Z to A"),
    "state": _("By state"),
    "address": _("By address"),
    "-size": _("Largest first"),
    "-created": _("Newest first"),
}


OTHER_WAY: dict[str, Sentence] = {
    "-state": _("By state, reversed"),
    "-address": _("By address, reversed"),
    "size": _("Smallest first"),
    "created": _("Oldest first"),
}


class Chip(NamedTuple):
    name: str
    label: Sentence
    number: int
    path: str
    is_current: bool

    @property
    def is_bad(self) -> bool:
        return self.name == ATTENTION


class Head(NamedTuple):
    """`order` is the word of `aria-sort`, or ''."""

    name: str
    label: Sentence
    path: str
    order: str


class Stage(NamedTuple):
    """What an operation does now, and how many of its four stages are done."""

    words: Sentence
    done: int


class Row(NamedTuple):
    """A server with what was heard of it last, why it is in error, and how far the operation under way is."""

    vps: Vps
    usage: dict[str, Any] | None = None
    why_in_error: Sentence = ""
    stage: Stage | None = None


def chips(address: ListAddress, counts: dict[str, int]) -> list[Chip]:
    """One that would find nothing is left out, but for all and the one that is chosen."""
    labels = CHIPS if address.state in CHIPS else CHIPS | {address.state: Vps.SEEN_AS[address.state]}
    found = [
        Chip(name, label, counts[name or "all"], address.narrowed(name), name == address.state)
        for name, label in labels.items()
    ]
    return [chip for chip in found if chip.number or not chip.name or chip.is_current]


def heads(address: ListAddress) -> list[Head]:
    """Each leads to its order, and to the other way round where it stands so already."""
    order, way = address.sort.removeprefix("-"), "descending" if address.sort.startswith("-") else "ascending"
    return [
        Head(name, label, address.sorted(f"-{name}" if address.sort == name else name), way if name == order else "")
        for name, label in HEADS.items()
    ]


def orders(address: ListAddress) -> list[tuple[str, Sentence]]:
    """Those that a phone offers, and the one that the list stands in, whichever it is."""
    return list((ORDERS if address.sort in ORDERS else ORDERS | {address.sort: OTHER_WAY[address.sort]}).items())


def rows(vpses: Iterable[Vps]) -> list[Row]:
    """Of servers that came `with_state`: with two more reads, whatever their number."""
    found = list(vpses)
    usages = metrics.usages(found)
    codes = Event.objects.codes_of_status([vps.pk for vps in found if vps.status == Vps.Status.ERROR])
    why = {id: sentence_of(code) for id, code in codes.items()}
    return [Row(vps, usages.get(vps.pk), why.get(vps.pk, ""), stage_of(vps.open_operation)) for vps in found]


def stage_of(operation: Operation | None) -> Stage | None:
    """What the step says, where its stage does not."""
    if operation is None:
        return None
    verb, now = verb_of(operation), stage_now(operation)
    stage = (ACCEPTED, PASSED_ON, verb.stage, verb.check)[now]
    step = Operation.Step(operation.step)
    return Stage(step.label if step in EXPLAINED else stage, now)
