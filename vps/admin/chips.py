"""What the list of servers is narrowed to by one press: the chips above it, each with how many there are.

Each is given by queries that find its rows by an index, so that they cost what is there of it, and not all servers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.attention import KINDS
from vps.models import Cluster, Placement, Vps
from web.bounded_list import MOST, BoundedPaginator
from web.errors import Sentence
from web.row_estimate import estimate, rounded

ATTENTION = "attention"
LABELS: dict[str, Sentence] = {
    ATTENTION: _("Need attention"),
    "unknown": _("Unknown"),
    "unbound": _("Not bound"),
    "creating": _("Being created"),
}
Ways = list["QuerySet[Vps]"]


def unknown() -> Ways:
    """What is shown as unknown, by what makes it so: a guest in trouble, or a cluster that is not heard."""
    not_fresh = Cluster.objects.not_fresh(timezone.now()).order_by().values("pk")
    seen = Vps.objects.filter(status__in=Vps.OBSERVED)
    return [seen.filter(placement__in=Placement.objects.uncertain()), seen.filter(placement__cluster__in=not_fresh)]


# What finds the rows of each of LABELS; what needs attention is what the staff's first page counts of servers.
WAYS: dict[str, Callable[[], Ways]] = {
    ATTENTION: lambda: [kind.chosen for kind in KINDS if kind.model is Vps],
    "unknown": unknown,
    "unbound": lambda: [Vps.objects.unbound()],
    "creating": lambda: [Vps.objects.filter(status=Vps.Status.CREATING)],
}


def found_by(these: Ways) -> Any:
    """The ids of all rows that one of these finds; of more than a list shows as a query, which may read them all."""
    plain = [way.order_by().values_list("pk") for way in these]
    ids = {row[0] for row in united([way[: MOST + 1] for way in plain])}
    return sorted(ids) if len(ids) <= MOST else united(plain)


def united(ways: list[Any], **more: Any) -> Any:
    first, *rest = ways
    return first.union(*rest, **more) if rest else first


def counts() -> dict[str, int]:
    """How many each finds, and at most one more than a list shows. In one query, of the ids: a server may be found by
    several ways, and counts once."""
    parts = [
        way.order_by().annotate(chip=Value(word, CharField())).values_list("chip", "pk")[: MOST + 1]
        for word, ways in WAYS.items()
        for way in ways()
    ]
    ids: dict[str, set[int]] = defaultdict(set)
    for word, id in united(parts, all=True):
        ids[word].add(id)
    return {word: min(len(ids[word]), MOST + 1) for word in LABELS}


def count_all(changelist: Any) -> tuple[int, str]:
    """(how many servers there are, about or exactly)."""
    is_whole = not changelist.queryset.query.where
    paginator = changelist.paginator if is_whole else BoundedPaginator(Vps.objects.all(), MOST)
    return (max(rounded(estimate(Vps)), MOST), "≈") if paginator.is_cut else (paginator.count, "")


class ServerChips(admin.SimpleListFilter):
    title = _("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Vps]") -> "QuerySet[Vps]":
        ways = WAYS.get(self.value() or "")
        return queryset.filter(pk__in=found_by(ways())) if ways else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """With how many there are of all servers, whatever else the list is narrowed to."""
        whole, *others = super().choices(changelist)
        number, about = count_all(changelist)
        yield {**whole, "count": number, "about": about, "more": "", "is_bad": False}
        for (word, found), choice in zip(counts().items(), others, strict=True):
            more = "+" if found > MOST else ""
            is_bad = word == ATTENTION and found > 0
            yield {**choice, "count": min(found, MOST), "about": "", "more": more, "is_bad": is_bad}
