"""What was done with a server and what became of it: the tab."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vps.views.find import find_vps
from vps.views.tabs import ACTIVITY, head_of

LATEST = 50


@require_GET
@login_required
def activity(request: HttpRequest, id: int) -> HttpResponse:
    vps = find_vps(request, id)
    operations = vps.operations.visible_to(vps.user_id).select_related("requested_by")[:LATEST]
    return render(request, "vps/server/activity.html", head_of(vps, ACTIVITY) | {"operations": operations})
