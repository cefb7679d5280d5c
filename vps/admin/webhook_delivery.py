"""Deliveries and attempts as staff see them: what was sent where, what came of it, and "Send again"."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vps.admin import finders
from vps.admin.attention_filter import AttentionFilter
from vps.admin.read_only import ReadOnlyAdmin, vps_link
from vps.admin.selection import check_selection
from vps.models import WebhookAttempt, WebhookDelivery
from vps.services import webhooks
from web.admin_columns import short_moment


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["webhook_id", "made", "endpoint", "type", "server", "standing", "tries"]
    has_chips = True
    list_filter = ["state", AttentionFilter, "endpoint", "type", "created_at"]
    list_select_related: ClassVar[Any] = ["endpoint", "vps"]
    search_fields = ["vps__name", "=vps__id", "=position"]
    search_help_text = _("Server's name or ID, event")
    sortable_by = ["webhook_id"]
    actions = ["send_again"]
    fields = ["webhook_id", "endpoint", "type", "server", "state", "tries", "next", "made", "ended"]
    fields += ["last_attempts", "sent"]

    def finders(self, word: str) -> list[Q]:
        return [finders.of_servers(word), *finders.of_event(word)]

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
        text = ngettext("%d delivery is queued again.", "%d deliveries are queued again.", count) % count
        messages.success(request, text)

    @admin.display(description=_("id"), ordering="id")
    def webhook_id(self, delivery: Any) -> str:
        return str(delivery.webhook_id)

    @admin.display(description=_("created"))
    def made(self, delivery: Any) -> str:
        return short_moment(delivery.created_at)

    @admin.display(description=_("ended"))
    def ended(self, delivery: Any) -> str:
        return short_moment(delivery.ended_at)

    @admin.display(description=_("server"))
    def server(self, delivery: Any) -> SafeString | str:
        return vps_link(delivery.vps_id, delivery.vps)

    @admin.display(description=_("state"))
    def standing(self, delivery: Any) -> SafeString | str:
        """With the next try, where one is to come."""
        is_pending = delivery.state == WebhookDelivery.State.PENDING
        state = str(delivery.get_state_display())
        return format_html("{}, {}", state, self.next(delivery)) if is_pending else state

    @admin.display(description=_("next try"))
    def next(self, delivery: Any) -> SafeString | str:
        """Of one that ended there is none. One whose time has come waits for the event before it, or for a worker."""
        if delivery.state != WebhookDelivery.State.PENDING:
            return "—"
        is_ripe = delivery.next_at <= timezone.now()
        return str(_("when its turn comes")) if is_ripe else short_moment(delivery.next_at)

    @admin.display(description=_("body"))
    def sent(self, delivery: Any) -> SafeString:
        return format_html("<pre>{}</pre>", delivery.body)

    @admin.display(description=_("attempts"))
    def last_attempts(self, delivery: Any) -> SafeString | str:
        rows = [
            (to_the_second(row), _("%(result)s, %(ms)s ms") % {"result": row, "ms": row.took_ms}, row.answer)
            for row in delivery.attempts.all()
        ]
        return format_html_join(mark_safe("<br>"), '{}: {} <span class="text-secondary">{}</span>', rows) or "—"


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    list_display = ["moment", "sent", "endpoint", "type", "result", "took_ms", "answer"]
    list_filter = ["delivery__endpoint", "delivery__state", "delivery__type", "error", "at"]
    list_select_related: ClassVar[Any] = ["delivery__endpoint"]
    search_fields = ["=delivery__vps__id", "=delivery__position"]
    search_help_text = _("Server's ID, event")
    sortable_by: ClassVar[Any] = []
    fields = ["moment", "sent", "endpoint", "type", "result", "took_ms", "answer"]

    def finders(self, word: str) -> list[Q]:
        sent = WebhookDelivery.objects
        ways = [finders.of_servers(word), *finders.of_event(word)]
        return [Q(delivery__in=sent.filter(way).values("pk")) for way in ways]

    @admin.display(description=_("when"))
    def moment(self, attempt: Any) -> SafeString | str:
        return to_the_second(attempt)

    @admin.display(description=_("HTTP status or failure"))
    def result(self, attempt: Any) -> str:
        return str(attempt)

    @admin.display(description=_("webhook delivery"))
    def sent(self, attempt: Any) -> SafeString:
        address = reverse("admin:vps_webhookdelivery_change", args=[attempt.delivery_id])
        return format_html('<a href="{}">{}</a>', address, attempt.delivery.webhook_id)

    @admin.display(description=_("webhook endpoint"))
    def endpoint(self, attempt: Any) -> str:
        return str(attempt.delivery.endpoint.name)

    @admin.display(description=_("type"))
    def type(self, attempt: Any) -> str:
        return str(attempt.delivery.get_type_display())


def to_the_second(attempt: Any) -> SafeString | str:
    """The first retry comes after 5 s."""
    return short_moment(attempt.at, "%H:%M:%S")
