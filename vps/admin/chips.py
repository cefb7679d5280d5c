"""What the list of servers is narrowed to by one press: the chips above it, each with how many there are."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.attention import KINDS
from vps.models import Vps
from vps.models.shown import UNKNOWN, shown_as
from web.errors import Sentence

ATTENTION = "attention"
LABELS: dict[str, Sentence] = {
    ATTENTION: _("Need attention"),
    "unknown": _("Unknown"),
    "unbound": _("Not bound"),
    "creating": _("Being created"),
}


def conditions() -> dict[str, Q]:
    """By each of LABELS; what needs attention is what the staff's first page counts of servers."""
    troubled = [Q(pk__in=kind.chosen.values("pk")) for kind in KINDS if kind.model is Vps]
    return {
        ATTENTION: reduce(or_, troubled),
        "unknown": shown_as(UNKNOWN, timezone.now()),
        "unbound": Q(pk__in=Vps.objects.unbound().order_by().values("pk")),
        "creating": Q(status=Vps.Status.CREATING),
    }


class ServerChips(admin.SimpleListFilter):
    title = _("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Vps]") -> "QuerySet[Vps]":
        condition = conditions().get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """In one query more, of all servers, whatever else the list is narrowed to."""
        counts = {word: Count("pk", filter=condition) for word, condition in conditions().items()}
        found = Vps.objects.order_by().aggregate(all=Count("pk"), **counts)
        for word, choice in zip(["all", *LABELS], super().choices(changelist), strict=True):
            yield {**choice, "count": found[word], "is_bad": word == ATTENTION and found[word] > 0}
