"""The list of a customer's servers, and each line of it."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vps.models import Vps
from vps.views.find import find_vps

PAGE = 50


@require_GET
@login_required
def server_list(request: HttpRequest) -> HttpResponse:
    text, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    mine = Vps.objects.visible_to(request.user)
    found = mine.matching(text).seen_as(status).with_state().order_by("name", "pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": text,
        "status": status,
        "statuses": Vps.SEEN_AS.items(),
        "here": request.get_full_path(),
        "has_any": bool(page.paginator.count) or mine.exists(),
    }
    return render(request, "vps/_list.html" if request.htmx else "vps/list.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def row(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/_row.html", {"vps": find_vps(request, id)})
