"""The staff's admin: Django's, whose first page is the board of what goes on."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from vps.attention import needs
from vps.board import sections_for


class PanelAdminSite(admin.AdminSite):
    site_header = site_title = _("ospab.host panel")
    index_title = _("Summary")
    empty_value_display = "—"
    index_template = "admin/panel_index.html"
    # The frame has one of its own.
    enable_nav_sidebar = False

    def get_urls(self) -> list[Any]:
        """Everybody changes their own password on one page, which counts what is tried there."""
        own_password = RedirectView.as_view(pattern_name="accounts:password")
        return [path("password_change/", own_password, name="password_change"), *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Everybody logs in on one page. Whoever is logged in and may not see these is told so."""
        if request.method not in ("GET", "HEAD") or self.has_permission(request):
            return super().login(request, extra_context)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))

    def each_context(self, request: HttpRequest) -> Any:
        """With what the sidebar says beside its places."""
        return super().each_context(request) | {"needs": needs() if self.has_permission(request) else {}}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The page renews its board alone: its frame costs queries of its own."""
        found = {"sections": sections_for(request.user), "now": timezone.now()}
        if request.htmx:  # type: ignore[attr-defined]
            return TemplateResponse(request, "admin/board/_board.html", found)
        return super().index(request, (extra_context or {}) | found)
