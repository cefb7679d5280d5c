"""The staff's admin: Django's, whose first page says what needs attention."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vps.attention import troubles


class PanelAdminSite(admin.AdminSite):
    site_header = site_title = _("ospab.host panel")
    index_title = _("Overview")
    index_template = "admin/panel_index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, (extra_context or {}) | {"troubles": troubles(request)})
