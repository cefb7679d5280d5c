"""The staff's admin: Django's, whose first page says what needs attention."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from vps.attention import may_see_all, troubles


class PanelAdminSite(admin.AdminSite):
    site_header = site_title = _("ospab.host panel")
    index_title = _("Overview")
    index_template = "admin/panel_index.html"

    def get_urls(self) -> list[Any]:
        """Everybody changes their own password on one page, which counts what is tried there."""
        own_password = RedirectView.as_view(pattern_name="accounts:password")
        return [path("password_change/", own_password, name="password_change"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        found = {"troubles": troubles(request), "sees_all": may_see_all(request)}
        return super().index(request, (extra_context or {}) | found)
