"""The main site as staff see it: how its calls go. The list of all calls would say less than this page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.admin.main_site import backlog, durations, last_calls, over_time
from vps.admin.read_only import ReadOnlyAdmin, vps_link
from vps.models import SyncCall

SECTIONS = [over_time.SECTION, durations.SECTION, backlog.SECTION, last_calls.SECTION]


@admin.register(SyncCall)
class SyncCallAdmin(ReadOnlyAdmin):
    fields = ["at", "request_id", "action", "path", "status", "code", "message", "server", "operations", "failed"]
    fields += ["replayed", "duration_ms", "count"]
    list_select_related: ClassVar[Any] = ["vps"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = [(section, section.facts(request)) for section in SECTIONS]
        context = self.admin_site.each_context(request) | {
            "title": _("Main site"),
            "opts": self.opts,
            "sections": [(section, facts) for section, facts in shown if facts is not None],
        }
        return TemplateResponse(request, "admin/vps/synccall/change_list.html", context)

    @admin.display(description=_("server"))
    def server(self, call: Any) -> SafeString | str:
        return vps_link(call.vps_id, call.vps)
