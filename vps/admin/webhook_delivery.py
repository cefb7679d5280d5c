"""Deliveries and attempts as staff see them: what was sent where, what came of it, and "Send again"."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.wire import in_utc
from vps.admin.read_only import ReadOnlyAdmin, vps_link
from vps.admin.selection import check_selection
from vps.models import WebhookAttempt, WebhookDelivery
from vps.services import webhooks


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["webhook_id", "created_at", "endpoint", "type", "server", "state", "tries", "next", "ended_at"]
    list_filter = ["state", "endpoint", "type", "created_at"]
    list_select_related: ClassVar[Any] = ["endpoint", "vps"]
    search_fields = ["vps__name", "=vps__id", "=position"]
    search_help_text = _("Server's name or number, event")
    list_per_page = 50
    actions = ["send_again"]
    fields = ["webhook_id", "endpoint", "type", "server", "state", "tries", "next", "created_at", "ended_at"]
    fields += ["last_attempts", "sent"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may change a delivery may have it sent again, and nothing else."""
        return bool(request.user.has_perm("vps.change_webhookdelivery"))

    def response_action(
        self, request: HttpRequest, queryset: "QuerySet[WebhookDelivery]", *rest: Any, **more: Any
    ) -> HttpResponse | None:
        check_selection(request)
        return super().response_action(request, queryset, *rest, **more)

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, chosen: "QuerySet[WebhookDelivery]") -> None:
        count = webhooks.send_again(list(chosen.values_list("pk", flat=True)))
        said = ngettext("%d delivery is queued again.", "%d deliveries are queued again.", count) % count
        messages.success(request, said)

    @admin.display(description=_("id"), ordering="position")
    def webhook_id(self, delivery: Any) -> str:
        return str(delivery.webhook_id)

    @admin.display(description=_("server"), ordering="vps__name")
    def server(self, delivery: Any) -> SafeString | str:
        return vps_link(delivery.vps_id, delivery.vps)

    @admin.display(description=_("next try"), ordering="next_at")
    def next(self, delivery: Any) -> str:
        """Of one that ended there is none."""
        return in_utc(delivery.next_at) if delivery.state == WebhookDelivery.State.PENDING else "—"

    @admin.display(description=_("body"))
    def sent(self, delivery: Any) -> SafeString:
        return format_html('<pre class="wrapped">{}</pre>', delivery.body)

    @admin.display(description=_("attempts"))
    def last_attempts(self, delivery: Any) -> SafeString | str:
        rows = [(f"{row.at:%Y-%m-%d %H:%M:%S} {row}, {row.took_ms} ms", row.answer) for row in delivery.attempts.all()]
        return format_html_join(mark_safe("<br>"), '{} <span class="quiet">{}</span>', rows) or "—"


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    list_display = ["at", "sent", "endpoint", "type", "status", "error", "took_ms", "answer"]
    list_filter = ["delivery__endpoint", "delivery__state", "delivery__type", "error", "at"]
    list_select_related: ClassVar[Any] = ["delivery__endpoint"]
    search_fields = ["=delivery__vps__id", "=delivery__position"]
    search_help_text = _("Server's number, event")
    list_per_page = 50
    fields = ["at", "sent", "endpoint", "type", "status", "error", "took_ms", "answer"]

    @admin.display(description=_("webhook delivery"))
    def sent(self, attempt: Any) -> SafeString:
        address = reverse("admin:vps_webhookdelivery_change", args=[attempt.delivery_id])
        return format_html('<a href="{}">{}</a>', address, attempt.delivery.webhook_id)

    @admin.display(description=_("webhook endpoint"), ordering="delivery__endpoint__name")
    def endpoint(self, attempt: Any) -> str:
        return str(attempt.delivery.endpoint.name)

    @admin.display(description=_("type"), ordering="delivery__type")
    def type(self, attempt: Any) -> str:
        return str(attempt.delivery.get_type_display())
