"""Operations as staff see them: all of them, with the raw reasons, and nothing to change."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.admin import finders
from vps.admin.attention_filter import AttentionFilter
from vps.admin.outcome_filter import OutcomeFilter, ReasonFilter
from vps.admin.read_only import ReadOnlyAdmin, vps_link
from vps.attention.reasons import reason_of
from vps.models import Operation
from web.admin_columns import moment_column, whole


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ["id", "server", "kind", "is_forced", "state", "why", "requested_by", "source"]
    list_display += [moment_column("created_at", _("created")), moment_column("finished_at", _("finished"))]
    has_chips = True
    list_filter = [OutcomeFilter, AttentionFilter, "state", "kind", "source", ReasonFilter, "created_at"]
    list_select_related: ClassVar[Any] = ["vps", "requested_by"]
    search_fields = ["vps__name", "=vps__id", "requested_by__username", "handle"]
    search_help_text = _("Server's name or ID, user, task")
    sortable_by = ["id", "created_at", "kind", "state", "source"]
    fieldsets = [
        (None, {"fields": ["server", "kind", "is_forced", "state", "step", "requested_by", "source"]}),
        (_("When"), {"fields": ["created_at", "started_at", "sent_at", "finished_at", "deadline_at", "due_at"]}),
        (_("On the hypervisor"), {"fields": ["node", "handle", "intent_at", "sent_as", "attempts", "claims"]}),
        (_("Failure"), {"fields": ["why", "error_code", "error_detail"]}),
    ]

    def finders(self, word: str) -> list[Q]:
        task = Q(handle=word)
        return [finders.of_servers(word), *finders.of_people(word, "requested_by_id"), task]

    @admin.display(description=_("error"))
    def why(self, operation: Any) -> SafeString | str:
        return whole(reason_of(operation.error_code))

    @admin.display(description=_("server"))
    def server(self, operation: Any) -> SafeString | str:
        return vps_link(operation.vps_id, operation.vps)
