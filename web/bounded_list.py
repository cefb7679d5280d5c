"""Lists of the staff that cost the same among a thousand rows and among a million: for the admins of the apps.

None is counted or paged through beyond MOST rows: whoever has not found it by then narrows the list. Among many rows a
search finds by indexes, as the admin's `finders` say; one that begins with a star, or is among few, reads them all.
"""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import smart_split, unescape_string_literal

from web.row_estimate import estimate

# Twenty pages of a list, and two of what a search has found.
MOST, FOUND = 1000, 100
# Any part of a word is looked for among so many.
FEW = 10_000
ANY_PART = "*"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    @cached_property
    def counted(self) -> int:
        return int(self.object_list.order_by()[: MOST + 1].count())  # type: ignore[attr-defined]

    @cached_property
    def count(self) -> int:
        return min(self.counted, MOST)

    @property
    def is_cut(self) -> bool:
        return self.counted > MOST

    def page(self, number: Any) -> Any:
        """The last that there is for one that lies beyond, as an address may name that somebody has kept."""
        return super().page(min(number, self.num_pages))


class BoundedChangeList(ChangeList):
    """`is_cut`: there are more than are shown; `estimated` is how many there are, about, where the whole table is shown."""

    is_cut, estimated = False, 0

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        paginator: Any = self.paginator
        self.is_cut = paginator.is_cut or is_found_cut(request)
        self.is_by_beginnings = hasattr(request, "found_more")
        self.page_num = min(self.page_num, paginator.num_pages)
        if paginator.is_cut:
            self.estimated = 0 if self.queryset.query.where else max(estimate(self.model), MOST)

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[Any]") -> list[Any]:
        """With the id as the last word, and in the direction of the first: an index reads that from either end."""
        *chosen, last = super().get_ordering(request, queryset)
        return [*chosen, "pk" if last == "-pk" and chosen and not is_descending(chosen[0]) else last]


def is_descending(order: Any) -> bool:
    return order.startswith("-") if isinstance(order, str) else bool(getattr(order, "descending", False))


def is_found_cut(request: HttpRequest) -> bool:
    return bool(getattr(request, "found_more", False))


class BoundedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[ChangeList]:
        return BoundedChangeList

    def finders(self, word: str) -> list[Q]:
        """Conditions that an index answers each; a row that one of them fits is found. None: all are read."""
        return []

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """The longest word is found, and what was found is narrowed by the others."""
        words = sorted(map(bare, smart_split(search_term)), key=len)
        finders = self.finders(words[-1]) if words and may_be_many(self.model, search_term) else []
        if not finders:
            return super().get_search_results(request, queryset, search_term.removeprefix(ANY_PART))
        found = sorted(found_by(finders, queryset), reverse=True)
        request.found_more = len(found) > FOUND  # type: ignore[attr-defined]
        return super().get_search_results(request, queryset.filter(pk__in=found[:FOUND]), " ".join(words[:-1]))

    def response_action(
        self, request: HttpRequest, queryset: "QuerySet[Any]", *rest: Any, **more: Any
    ) -> HttpResponse | None:
        """Nobody does to all at once what no list has shown: of so many the page does not offer it."""
        if request.POST.get("select_across") not in (None, "", "0") and BoundedPaginator(queryset, MOST).is_cut:
            raise BadRequest("more rows than a list shows cannot be selected at once")
        return super().response_action(request, queryset, *rest, **more)


def bare(word: str) -> str:
    """Without the quotes around a phrase."""
    return unescape_string_literal(word) if word[0] == word[-1] and word[0] in "\"'" and len(word) > 1 else word


def may_be_many(model: Any, search_term: str) -> bool:
    return not search_term.startswith(ANY_PART) and estimate(model) > FEW


def found_by(finders: list[Q], queryset: "QuerySet[Any]") -> set[Any]:
    """The newest of each, and one more than are shown where there are more: in one query."""
    plain = queryset.prefetch_related(None).order_by("-pk")
    first, *rest = (plain.filter(condition).values_list("pk")[: FOUND + 1] for condition in finders)
    return {row[0] for row in (first.union(*rest) if rest else first)}
