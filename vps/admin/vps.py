"""Servers as staff see them. The main site says what they are; staff bind them, and ask for power operations."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from vps.admin import finders, power, suspension
from vps.admin.attention_filter import AttentionFilter
from vps.admin.chips import ServerChips, found_by, unknown
from vps.admin.columns import state_pill
from vps.admin.event_words import in_words
from vps.admin.selection import check_selection
from vps.attention.reasons import reason_of
from vps.figures import MB, amount
from vps.models import Event, Operation, Placement, Vps
from vps.models.shown import UNKNOWN, shown_as
from vps.models.vps import BY_ADDRESS, BY_NAME
from vps.operations.verbs import verb_of
from vps.services import binding
from web.admin_columns import moment_column, short_moment, whole, whole_column
from web.bounded_list import BoundedAdmin
from web.timestamps import in_utc

PLACEMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "bound": (_("bound"), {"placement__isnull": False, "placement__missing_since": None}),
    "unbound": (_("not bound"), {"placement__isnull": True}),
    "missing": (
        _("gone from its cluster"),
        {"placement__missing_since__isnull": False, "placement__identity_mismatch": ""},
    ),
    "mistaken": (_("another guest in its place"), {"placement__identity_mismatch__gt": ""}),
}

ADDRESS_SOURCES: dict[str, Any] = {
    "main_site": _("from the main site"),
    "guest": _("learnt from its guest, checked regularly"),
}


class PlacementFilter(admin.SimpleListFilter):
    title = _("guest")
    parameter_name = "guest"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, (label, _where) in PLACEMENTS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Vps]") -> "QuerySet[Vps]":
        chosen = PLACEMENTS.get(self.value() or "")
        return queryset.filter(**chosen[1]) if chosen else queryset


class SeenFilter(admin.SimpleListFilter):
    title = _("seen as")
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Vps.SEEN_AS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Vps]") -> "QuerySet[Vps]":
        if self.value() == UNKNOWN:
            return queryset.filter(pk__in=found_by(unknown()))
        return queryset.filter(shown_as(self.value() or "", timezone.now())) if self.value() else queryset


@admin.register(Vps)
class VpsAdmin(BoundedAdmin):
    list_display = [whole_column("name", _("name"), BY_NAME), "pill", "owner"]
    list_display += [whole_column("ip_address", _("address"), BY_ADDRESS)]
    list_display += ["machine", "size", moment_column("updated_at", _("changed"))]
    has_chips = True
    legend = _("size: CPU · GB of memory · GB of disk")
    list_filter = [ServerChips, SeenFilter, AttentionFilter, "status", suspension.ReasonFilter, PlacementFilter]
    list_filter += ["placement__cluster", "hypervisor"]
    search_fields = ["name", "ip_address", "user__username", "user__email", "=placement__guest", "=id"]
    search_help_text = _("Name, address, owner, VMID or ID")
    actions = power.ACTIONS
    fields: ClassVar[Any] = [
        "name",
        "owner",
        "state",
        "status",
        "suspended",
        "address",
        "os",
        "cpu",
        "memory",
        "disk",
        "hypervisor",
        "bound_to",
    ]
    fields += ["identity", "created_at", "updated_at", "latest_operations", "latest_events"]
    readonly_fields = fields
    change_form_template = "admin/vps/vps/change_form.html"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Vps]":
        found: QuerySet[Vps] = Vps.objects.with_state().select_related(
            "user", "placement__cluster", "why_unbound", "suspension"
        )
        return found

    def finders(self, word: str) -> list[Q]:
        return finders.servers(word)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        unbind = self.admin_site.admin_view(require_POST(self.unbind))
        return [path("<int:id>/unbind/", unbind, name="vps_vps_unbind"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = (extra_context or {}) | {"power_actions": power.BUTTONS.items()}
        return super().change_view(request, object_id, form_url, context)

    def response_action(
        self, request: HttpRequest, queryset: "QuerySet[Vps]", *rest: Any, **more: Any
    ) -> HttpResponse | None:
        check_selection(request)
        return super().response_action(request, queryset, *rest, **more)

    def unbind(self, request: HttpRequest, id: int) -> HttpResponse:
        """Asked first: the customer loses the server's buttons, and no name brings them back."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        vps = self.get_object(request, str(id))
        if vps is not None and "confirmed" not in request.POST:
            title = _("Unbind %(vps)s from its guest?") % {"vps": vps.name}
            context = self.admin_site.each_context(request) | {"title": title, "original": vps, "opts": self.opts}
            return render(request, "admin/vps/confirm_unbind.html", context)
        if vps is not None:
            binding.unbind(vps, by=request.user, source=Event.Source.ADMIN)
            self.message_user(request, _("%(vps)s is no longer bound to a guest.") % {"vps": vps.name})
        return redirect("admin:vps_vps_change", id)

    @admin.display(description=_("owner"), ordering="user__username")
    def owner(self, vps: Vps) -> SafeString:
        return format_html('<a href="../../accounts/user/{}/change/">{}</a>', vps.user_id, whole(vps.user.username))

    @admin.display(description=_("state"), ordering="status")
    def pill(self, vps: Vps) -> SafeString:
        """With why or since when, as far as a line has room for it."""
        since = vps.shown.since
        more = short_moment(since) if since else suspension.reason_of(vps)
        return format_html('{} <span class="small text-secondary">{}</span>', state_pill(vps), more or "")

    @admin.display(description=_("seen as"), ordering="status")
    def state(self, vps: Vps) -> str:
        shown = vps.shown
        if shown.since is None:
            return ", ".join(filter(None, (str(shown.label), suspension.reason_of(vps))))
        since = _("since %(when)s") % {"when": in_utc(shown.since)}
        return f"{shown.label}, {since}"

    @admin.display(description=_("suspension"))
    def suspended(self, vps: Vps) -> SafeString | str:
        return lines(suspension.in_words(vps))

    @admin.display(description=_("address"))
    def address(self, vps: Vps) -> str:
        return f"{vps.ip_address} ({ADDRESS_SOURCES[vps.address_source]})" if vps.address_source else "—"

    @admin.display(description=_("guest"))
    def bound_to(self, vps: Vps) -> str:
        placement = getattr(vps, "placement", None)
        if placement is None:
            why = getattr(vps, "why_unbound", None)
            return f"{_('not bound')}: {why}" if why else str(_("not bound"))
        trouble = trouble_of(placement)
        return f"{placement} ({placement.node}){trouble and ': '}{trouble}"

    @admin.display(description=_("guest"))
    def machine(self, vps: Vps) -> SafeString | str:
        """On one line; why it is none, or not to be trusted, stands in full behind it."""
        placement = getattr(vps, "placement", None)
        if placement and not trouble_of(placement):
            return f"{placement.cluster.name} / {placement.guest}"
        why = "" if placement else str(getattr(vps, "why_unbound", ""))
        in_full = self.bound_to(vps)
        return format_html('<span class="text-tone tone-ask" title="{}">{}</span>', in_full, why or in_full)

    @admin.display(description=_("identity of the guest"))
    def identity(self, vps: Vps) -> str:
        placement = getattr(vps, "placement", None)
        identity = placement.identity if placement and placement.identity else "—"
        if placement is None or not placement.identity_mismatch:
            return identity
        return str(
            _("%(identity)s; in its place: %(found)s") % {"identity": identity, "found": placement.found_instead}
        )

    @admin.display(description=_("memory"))
    def memory(self, vps: Vps) -> str:
        return amount(vps.ram * MB)

    @admin.display(description=_("size"))
    def size(self, vps: Vps) -> str:
        """Cores, GB of memory, GB of disk: the foot of the list says so."""
        return f"{vps.cpu} · {number_format(format(vps.ram_gb, 'g'))} · {number_format(vps.disk)}"

    @admin.display(description=_("last operations"))
    def latest_operations(self, vps: Vps) -> SafeString | str:
        rows = vps.operations.select_related("requested_by")[:5]
        return lines([line_of_operation(row) for row in rows])

    @admin.display(description=_("last events"))
    def latest_events(self, vps: Vps) -> SafeString | str:
        return lines([line_of(event) for event in vps.events.select_related("operation")[:8]])


def trouble_of(placement: Placement) -> str:
    """What keeps this guest from being its VPS's, and since when, or ''."""
    if placement.doubted_since:
        return str(_("has to say who it is, since %(when)s") % {"when": in_utc(placement.doubted_since)})
    if placement.missing_since is None:
        return ""
    since = {"when": in_utc(placement.missing_since)}
    if placement.identity_mismatch:
        return str(_("another guest in its place since %(when)s") % since)
    return str(_("gone since %(when)s") % since)


def line_of(event: Event) -> SafeString:
    what, source, words = event.get_type_display(), event.get_source_display(), in_words(event)
    return format_html("{}: {} ({}){}", short_moment(event.created_at), what, source, words and f": {words}")


def line_of_operation(operation: Operation) -> SafeString:
    state = operation.get_state_display()
    why = f", {reason_of(operation.error_code)}" if operation.error_code else ""
    what = f"{verb_of(operation).noun} #{operation.pk}, {state}{why}"
    return format_html("{}: {}", short_moment(operation.created_at), what)


def lines(texts: list[str]) -> SafeString | str:
    return format_html_join(mark_safe("<br>"), "{}", [(text,) for text in texts]) or "—"
