"""The list of a customer's servers, and what of it an open page asks for again."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import push_url

from vps.models import Vps
from vps.views import list_parts
from vps.views.find import find_vps
from vps.views.list_address import ListAddress, address_of, ids_of
from web.next_page import here

PAGE = 50


class Counted(Paginator):  # type: ignore[type-arg]
    """Of rows that were counted already."""

    count = 0


@require_GET
@login_required
def server_list(request: HttpRequest) -> HttpResponse:
    address = address_of(request.GET)
    context = facts_of(request, address)
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "vps/list.html", context)
    return push_url(render(request, "vps/_list.html", context), context["here"])


@require_GET
@login_required
def rows(request: HttpRequest) -> HttpResponse:
    """These rows as they are now, with the counts, and which are gone; all of the list, where it has one that is not shown.

    `whole` says that `id` names all that are shown.
    """
    address, ids = address_of(request.GET), ids_of(request.GET)[:PAGE]
    frame = frame_of(request, address)
    if "whole" in request.GET and is_other_page(frame["page"], ids):
        return render(request, "vps/_list.html", frame | body_of(frame["page"]) | {"is_fresh": True})
    return render(request, "vps/_rows.html", frame | rows_of(request, ids))


def is_other_page(page: "Page[Vps]", shown: Sequence[int]) -> bool:
    """Whether there is a server on it that is not shown, or none at all. One that it has no more stays where it is seen."""
    now = set(page.object_list.values_list("pk", flat=True))  # type: ignore[attr-defined]
    return bool(now - set(shown)) or not now


def answer_with_rows(request: HttpRequest, ids: Sequence[int]) -> HttpResponse:
    """To what was done to these servers on an open list."""
    address = address_of(QueryDict(urlsplit(here(request)).query))
    return render(request, "vps/_rows.html", frame_of(request, address) | rows_of(request, ids))


def rows_of(request: HttpRequest, ids: Sequence[int]) -> dict[str, Any]:
    found = list_parts.rows(Vps.objects.visible_to(request.user).with_state().filter(pk__in=ids))
    return {"rows": found, "gone": sorted(set(ids) - {row.vps.pk for row in found})}


def facts_of(request: HttpRequest, address: ListAddress) -> dict[str, Any]:
    facts = frame_of(request, address)
    return facts | body_of(facts["page"])


def frame_of(request: HttpRequest, address: ListAddress) -> dict[str, Any]:
    """What stands around the rows, in one query; `page` is not read yet."""
    mine = Vps.objects.visible_to(request.user)
    counts = Vps.objects.counted(request.user, address.q)
    paginator = Counted(mine.matching(address.q).narrowed_to(address.state).in_order(address.sort), PAGE)
    paginator.count = counts[address.state or "all"]
    page = paginator.get_page(address.page)
    address = address._replace(page=page.number)
    return {
        "address": address,
        "here": address.path(),
        "total": counts["total"],
        "found": paginator.count,
        "chips": list_parts.chips(address, counts),
        "heads": list_parts.heads(address),
        "orders": list_parts.orders(address),
        "page": page,
        "before": page.has_previous() and address.at(page.previous_page_number()),
        "after": page.has_next() and address.at(page.next_page_number()),
    }


def body_of(page: "Page[Vps]") -> dict[str, Any]:
    page.object_list = page.object_list.with_state()  # type: ignore[attr-defined]
    return {"rows": list_parts.rows(page.object_list)}


@require_GET
@login_required
def row(request: HttpRequest, id: int) -> HttpResponse:
    """As a page that 0.3 served asks for it, and is still open: to be taken away with 0.5."""
    return render(request, "vps/_row.html", {"row": list_parts.rows([find_vps(request, id)])[0]})
