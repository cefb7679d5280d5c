"""Webhook endpoints as staff keep them: where they are, what they get, and whether they take it.

No request calls an endpoint: a test is queued, and its result is among the attempts. A secret is shown in the answer to
the POST that makes it, and never again.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from vps.admin.attention_filter import AttentionFilter
from vps.admin.webhook_form import WebhookEndpointForm
from vps.models import WebhookEndpoint
from vps.models.webhook_attempt import in_words
from vps.models.webhook_delivery import with_backlog
from vps.services import webhooks
from web.admin_columns import filled, moment_column, short_moment, whole, whole_column
from web.errors import PanelError, Sentence


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = WebhookEndpointForm
    list_display = [whole_column("name", _("name")), "health", "pending"]
    list_display += [moment_column("succeeded_at", _("last success")), "trouble", whole_column("url", _("address"))]
    list_filter = [AttentionFilter]
    search_fields = ["name", "url"]
    change_form_template = "admin/vps/webhookendpoint/change_form.html"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[WebhookEndpoint]":
        found: QuerySet[WebhookEndpoint] = with_backlog(super().get_queryset(request))
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that is not wanted any more is disabled: what was sent to it stays on record."""
        return False

    def get_urls(self) -> list[URLPattern]:
        verbs = {"test": self.test, "rotate": self.rotate, "enable": self.enable, "disable": self.disable}
        view = self.admin_site.admin_view
        return [
            *(
                path(f"<int:id>/{name}/", view(require_POST(verb)), name=f"vps_webhookendpoint_{name}")
                for name, verb in verbs.items()
            ),
            path("send-now/", view(require_POST(self.send_now)), name="vps_webhookendpoint_send_now"),
            path("<int:id>/secret/", view(self.secret), name="vps_webhookendpoint_secret"),
            *super().get_urls(),
        ]

    # What is shown

    @admin.display(description=_("state"), ordering="is_active")
    def health(self, endpoint: WebhookEndpoint) -> SafeString | str:
        if not endpoint.is_active:
            when, why = endpoint.disabled_at or timezone.now(), endpoint.get_disabled_why_display()
            return filled(_("disabled since %(when)s, %(why)s"), when=when, why=why)
        if endpoint.is_unreachable and endpoint.unreachable_since:
            return filled(_("accepts nothing since %(when)s"), when=endpoint.unreachable_since)
        return str(_("in use"))

    @admin.display(description=_("pending"), ordering="backlog")
    def pending(self, endpoint: Any) -> SafeString | str:
        if not endpoint.backlog:
            return "0"
        return filled(_("%(count)s, since %(when)s"), count=endpoint.backlog, when=endpoint.oldest)

    @admin.display(description=_("last failure"), ordering="failed_at")
    def trouble(self, endpoint: WebhookEndpoint) -> SafeString | str:
        """Why is known until the next success."""
        when = short_moment(endpoint.failed_at)
        return format_html("{}, {}", when, whole(in_words(endpoint.failure))) if endpoint.failure else when

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *rest: Any, **more: Any
    ) -> HttpResponse:
        endpoint, now = context.get("original"), timezone.now()
        is_overlap = endpoint is not None and endpoint.has_two_secrets(now)
        return super().render_change_form(request, context | {"now": now, "is_overlap": is_overlap}, *rest, **more)

    # What is written

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.is_moved = webhooks.change(obj)
        else:
            webhooks.add(obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self.show(request, obj.pk, webhooks.give_secret(obj.pk))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if obj.is_moved:
            return self.show(request, obj.pk, webhooks.give_secret(obj.pk))
        return super().response_change(request, obj)

    def secret(self, request: HttpRequest, id: int) -> HttpResponse:
        """GET says whether there is one to be shown, as often as it likes; POST shows it, once."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return self.show(request, id)
        if "lost" in request.POST and self.has_change_permission(request):
            return self.show(request, id, webhooks.replace_lost(id))
        return self.show(request, id, webhooks.give_secret(id))

    def show(self, request: HttpRequest, id: int, secret: str = "") -> HttpResponse:
        endpoint = get_object_or_404(WebhookEndpoint, pk=id)
        context = self.admin_site.each_context(request) | {
            "title": _("Secret of %(endpoint)s") % {"endpoint": endpoint.name},
            "opts": self.opts,
            "endpoint": endpoint,
            "secret": secret,
            "is_overlap": endpoint.has_two_secrets(timezone.now()),
        }
        response = render(request, "admin/vps/webhookendpoint/secret.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def test(self, request: HttpRequest, id: int) -> HttpResponse:
        endpoint = self.allowed(request, id)
        made = webhooks.send_test(endpoint, by=request.user)
        self.message_user(request, _("A test event is queued. This is its delivery; its attempts appear below."))
        return redirect("admin:vps_webhookdelivery_change", made.pk)

    def send_now(self, request: HttpRequest) -> HttpResponse:
        """From the staff's first page, where the backlog stands."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        webhooks.send_now()
        self.message_user(request, _("What waits is being sent. Those endpoints that took nothing are asked again."))
        return redirect("admin:index")

    def rotate(self, request: HttpRequest, id: int) -> HttpResponse:
        """That it is too early is said where the one that was made too lately can be made anew: a second click's answer is
        the one that the browser shows."""
        endpoint = self.allowed(request, id)
        try:
            webhooks.rotate(endpoint.pk)
        except PanelError as refusal:
            self.message_user(request, str(refusal.message), messages.WARNING)
            return redirect("admin:vps_webhookendpoint_secret", id)
        self.log_change(request, endpoint, gettext("secret rotated"))
        return self.show(request, id, webhooks.give_secret(id))

    def enable(self, request: HttpRequest, id: int) -> HttpResponse:
        endpoint = self.allowed(request, id)
        if webhooks.enable(endpoint):
            self.log_change(request, endpoint, gettext("enabled"))
        return self.flash(request, endpoint, _("The endpoint is in use. What was waiting is being sent."))

    def disable(self, request: HttpRequest, id: int) -> HttpResponse:
        endpoint = self.allowed(request, id)
        if webhooks.disable(endpoint):
            self.log_change(request, endpoint, gettext("disabled"))
        return self.flash(request, endpoint, _("The endpoint is disabled. Nothing is sent until it is enabled."))

    def flash(self, request: HttpRequest, endpoint: WebhookEndpoint, sentence: Sentence) -> HttpResponse:
        self.message_user(request, str(sentence), messages.SUCCESS)
        return redirect("admin:vps_webhookendpoint_change", endpoint.pk)

    def allowed(self, request: HttpRequest, id: int) -> WebhookEndpoint:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(WebhookEndpoint, pk=id)
