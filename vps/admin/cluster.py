"""Clusters as staff keep them: how they are reached, how they are, and which of their guests is which server.

No request waits for a cluster: "Test connection" and "Guests" ring a worker, and the page shows what it brings.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from vps import notify
from vps.admin.attention_filter import AttentionFilter
from vps.admin.cluster_form import ClusterForm
from vps.guests import GuestRef
from vps.models import Cluster, ClusterNode, Event, Placement, Vps
from vps.models.cluster_trouble import doubt_of, lacks_of, troubles_of
from vps.services import binding
from web.admin_columns import filled, moment_column, whole, whole_column

GUESTS_A_PAGE = 100


@admin.register(Cluster)
class ClusterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ClusterForm
    list_display = [whole_column("name", _("name")), "is_active", "health", "unreachable_nodes"]
    list_display += [
        whole_column("failure", _("failure")),
        "failures",
        moment_column("seen_at", _("heard last")),
        "version",
        "twin",
    ]
    list_filter = [AttentionFilter, "is_active"]
    search_fields = ["name", "hosts"]
    change_form_template = "admin/vps/cluster/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look is shown the fields as they are, and one of them is for nobody's eyes."""
        fields = super().get_fields(request, obj)
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return fields if may_write else [name for name in fields if name != "token_secret"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Cluster]":
        """With the nodes that do not answer, in one query for all rows."""
        unreachable = Prefetch("nodes", queryset=ClusterNode.objects.unreachable(), to_attr="unreachable")
        return super().get_queryset(request).select_related("same_as").prefetch_related(unreachable)

    @admin.display(description=_("health"))
    def health(self, cluster: Cluster) -> SafeString | str:
        trouble = " ".join(str(sentence) for sentence in troubles_of(cluster))
        if cluster.unreachable_since:
            return filled(_("unreachable since %(when)s"), when=cluster.unreachable_since)
        if cluster.seen_at is None:
            return str(_("not asked yet"))
        if cluster.is_fresh(timezone.now()):
            return filled(_("reachable, but: %(trouble)s"), trouble=whole(trouble)) if trouble else str(_("reachable"))
        return filled(_("not heard since %(when)s"), when=cluster.seen_at)

    @admin.display(description=_("same as"))
    def twin(self, cluster: Cluster) -> str:
        return str(cluster.same_as) if cluster.same_as else "—"

    @admin.display(description=_("silent nodes"))
    def unreachable_nodes(self, cluster: Any) -> str:
        return ", ".join(node.name for node in cluster.unreachable) or "—"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *rest: Any, **more: Any
    ) -> HttpResponse:
        cluster = context.get("original")
        return super().render_change_form(request, context | (health_of(cluster) if cluster else {}), *rest, **more)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:id>/test/", view(require_POST(self.test)), name="vps_cluster_test"),
            path("<int:id>/health/", view(self.health_page), name="vps_cluster_health"),
            path("<int:id>/guests/", view(self.guests), name="vps_cluster_guests"),
            path("<int:id>/bind/", view(require_POST(self.bind)), name="vps_cluster_bind"),
            *super().get_urls(),
        ]

    def test(self, request: HttpRequest, id: int) -> HttpResponse:
        """Ask a worker to ask the cluster, however lately it did not answer. What comes of it appears in the health below."""
        cluster = self.allowed(request, id)
        cluster.ask_at_once()
        cluster.ask_for_rights()
        cluster.ask_who_it_is()
        ClusterNode.objects.ask_all_at_once(cluster.pk)
        notify.worker("reconcile_one", cluster.pk)
        self.message_user(
            request, _("The cluster is being asked. Its health is shown below as soon as it has answered.")
        )
        return redirect("admin:vps_cluster_change", id)

    def health_page(self, request: HttpRequest, id: int) -> HttpResponse:
        cluster = self.allowed(request, id)
        return render(request, "admin/vps/cluster/_health.html", {"original": cluster} | health_of(cluster))

    def guests(self, request: HttpRequest, id: int) -> HttpResponse:
        """The cluster's guests as last heard, those that match the search."""
        cluster = self.allowed(request, id)
        listed = binding.suggestions(cluster)
        if listed is None:
            notify.worker("reconcile_one", cluster.pk)
        text = request.GET.get("q", "").strip().lower()
        found = [guest for guest in listed or [] if text in guest["name"].lower() or text == guest["guest"]]
        context = self.admin_site.each_context(request) | {
            "title": _("Guests of %(cluster)s") % {"cluster": cluster.name},
            "opts": self.opts,
            "cluster": cluster,
            "is_waiting": listed is None,
            "doubt": doubt_of(cluster),
            "q": text,
            "page": Paginator(found, GUESTS_A_PAGE).get_page(request.GET.get("page")),
            "unbound": Vps.objects.unbound_on(cluster.hypervisor).select_related("user").order_by("name")[:500],
        }
        return render(request, "admin/vps/cluster/guests.html", context)

    def bind(self, request: HttpRequest, id: int) -> HttpResponse:
        """The guest is named by its key alone: kind and node are the cluster's own word, not the form's."""
        cluster = self.allowed(request, id)
        vps = get_object_or_404(Vps.objects.filter(placement=None), pk=number(request, "vps"))
        key = request.POST.get("guest", "")
        guest = next((guest for guest in binding.suggestions(cluster) or [] if guest["guest"] == key), None)
        if guest is None:
            self.message_user(request, _("The cluster has not told of this guest lately."), level="ERROR")
            return redirect("admin:vps_cluster_guests", id)
        if "confirmed" not in request.POST and (objections := binding.objections(vps, cluster, guest)):
            title = _("Bind %(vps)s to guest %(guest)s?") % {"vps": vps.name, "guest": key}
            what = {"vps": vps, "cluster": cluster, "guest": guest, "objections": objections, "title": title}
            context = self.admin_site.each_context(request) | what | {"opts": self.opts}
            return render(request, "admin/vps/cluster/confirm_bind.html", context)
        ref = GuestRef(Placement.Kind(guest["kind"]).guest_kind, key, guest["node"])
        binding.bind(vps, cluster, ref, by=request.user, source=Event.Source.ADMIN)
        self.message_user(request, _("%(vps)s is now bound to guest %(guest)s.") % {"vps": vps.name, "guest": key})
        return redirect("admin:vps_cluster_guests", id)

    def allowed(self, request: HttpRequest, id: int) -> Cluster:
        if not self.has_change_permission(request):
            raise PermissionDenied
        cluster: Cluster = get_object_or_404(self.get_queryset(request), pk=id)
        return cluster


def health_of(cluster: Any) -> dict[str, Any]:
    """What _health.html shows of a cluster with its unreachable nodes."""
    now = timezone.now()
    troubles = {"doubt": doubt_of(cluster), "lacks": lacks_of(cluster)}
    return {"is_fresh": cluster.is_fresh(now), "now": now, "unreachable": cluster.unreachable} | troubles


def number(request: HttpRequest, name: str) -> int:
    """0, which nothing bears, for what is no number."""
    text: Any = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
