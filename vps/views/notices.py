"""What a reader was not told yet, for a page that is open, and that it was seen."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from vps.models import Notice
from vps.services import notices
from web.next_page import next_page


@require_GET
@login_required
def unseen(request: HttpRequest) -> HttpResponse:
    return fragment_of(request)


@require_POST
@login_required
def seen(request: HttpRequest, id: int) -> HttpResponse:
    """Somebody else's is not there."""
    if not Notice.objects.filter(pk=id, user=request.user.pk).exists():
        raise Http404
    notices.dismiss(request.user, [id])
    return what_is_left(request)


@require_POST
@login_required
def all_seen(request: HttpRequest) -> HttpResponse:
    notices.dismiss(request.user)
    return what_is_left(request)


def what_is_left(request: HttpRequest) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return fragment_of(request)
    return redirect(next_page(request, "/"))


def fragment_of(request: HttpRequest) -> HttpResponse:
    """`is_fresh`: it is put into a page that stands there, and screen readers are to say what comes new."""
    return render(request, "_unseen.html", {"is_fresh": True})
