"""What the main site has not been told yet: the webhooks that wait, endpoint by endpoint."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.admin.main_site.section import Section
from vps.models import WebhookEndpoint
from vps.models.webhook_delivery import with_backlog


def facts(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("vps.view_webhookendpoint"):
        return None
    shown = WebhookEndpoint.objects.defer("secret", "previous_secret")
    return {"endpoints": with_backlog(shown)}


SECTION = Section(_("Webhooks waiting"), "admin/vps/synccall/_backlog.html", facts)
