"""What of a server is set up, where each is changed, and how a program reaches it: the tab."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from vps.views.tabs import SETTINGS, show_tab


@require_GET
@login_required
def server_settings(request: HttpRequest, id: int) -> HttpResponse:
    return show_tab(request, id, SETTINGS, api_address=f"{settings.PANEL_URL}/api/vps/{id}")
