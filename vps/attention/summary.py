"""What is told of the troubles that there are: how many, since when, and a few words. Two queries, whatever there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, DateTimeField, F, Min, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import ngettext

from vps.attention.kind import Kind

# So many reasons, or names, are told of a kind; the rest is a number.
FIRST = 4
COUNTED = ("trouble", "trouble_count", "trouble_since")
WORDED = ("trouble", "trouble_number", "trouble_label", "trouble_detail", "trouble_since")


@dataclass(frozen=True)
class Trouble:
    kind: Kind
    count: int
    oldest: datetime | None
    detail: str

    @property
    def title(self) -> str:
        return str(self.kind.title % {"count": self.count})


def troubles(kinds: list[Kind]) -> list[Trouble]:
    """Those of these kinds that there are, in their order."""
    counts = {key: (count, oldest) for key, count, oldest in united(counted(kind) for kind in kinds) if count}
    there = [kind for kind in kinds if kind.key in counts]
    words: dict[str, list[tuple[int, str]]] = {kind.key: [] for kind in there}
    kind_by_key = {kind.key: kind for kind in there}
    for key, number, label, detail, _since in sorted(united(worded(kind) for kind in there), key=order):
        words[key].append((number, str(kind_by_key[key].wording(label, detail))))
    return [Trouble(kind, *counts[kind.key], detail_of(kind, words[kind.key], counts[kind.key][0])) for kind in there]


def counts(kinds: list[Kind]) -> dict[str, int]:
    """How many there are of each of these kinds, of which there are any."""
    return {key: count for key, count, _oldest in united(counted(kind) for kind in kinds) if count}


def united(parts: Iterable[Any]) -> Iterable[Any]:
    """One query of them all."""
    first, *rest = list(parts) or [None]
    return first.union(*rest, all=True) if first is not None else []


def counted(kind: Kind) -> Any:
    whole = kind.chosen.values(trouble=Value(kind.key, CharField()))
    since = Min(Cast(kind.since, DateTimeField()))
    return whole.annotate(trouble_count=Count("pk"), trouble_since=since).values_list(*COUNTED)


def worded(kind: Kind) -> Any:
    """The most frequent, or else the oldest."""
    words = {"trouble_label": text(kind.label), "trouble_detail": text(kind.detail)}
    groups = kind.chosen.annotate(trouble=Value(kind.key, CharField()), **words).values("trouble", *words)
    since = Min(Cast(kind.since, DateTimeField()))
    found = groups.annotate(trouble_number=kind.number, trouble_since=since).values_list(*WORDED)
    order = F("trouble_number").desc() if kind.is_grouped else F("trouble_since").asc(nulls_last=True)
    return found.order_by(order, "trouble_label")[:FIRST]


def text(expression: Any) -> Any:
    return Coalesce(Cast(expression, TextField()), Value("", TextField()))


def order(row: Any) -> Any:
    """A union keeps no order. By number, and those alike by time."""
    _key, number, label, _detail, since = row
    return -number, since is None, since and since.timestamp(), label


def detail_of(kind: Kind, words: list[tuple[int, str]], count: int) -> str:
    """5 × the system did not shut down, 1 × the hypervisor refused; or mail-new, crm-stage and 3 more."""
    is_one = not kind.is_grouped or (count == 1 and len(words) == 1)
    first = [
        sentence if is_one else f"{number}\N{NO-BREAK SPACE}× {sentence}" for number, sentence in words if sentence
    ]
    rest = count - sum(number for number, _sentence in words)
    more = [ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest}] if rest > 0 else []
    return ", ".join(first + more)
