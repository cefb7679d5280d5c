"""What needs a hand, for the admin's first page: each kind of trouble, how many, and the first of them.

Each kind is shown to staff who may look at its rows. Called by ospab_panel.admin_site.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Mail
from vps.models import (
    Cluster,
    ClusterNode,
    Operation,
    Placement,
    Suspension,
    SyncCall,
    Vps,
    WebhookDelivery,
    WebhookEndpoint,
)
from vps.models.cluster_trouble import doubt_of, lacks_of
from vps.models.webhook_attempt import in_words
from vps.models.webhook_delivery import with_backlog
from web.errors import Sentence
from web.timestamps import in_utc

FIRST = 10
# The main site makes most servers in a few minutes, and the panel gives them up after an hour.
LONG_CREATING = timedelta(minutes=30)
# A call that is refused now and then is the main site's to see to; more than so many an hour are the staff's.
MANY_FAILED_CALLS = 10
MANY_REFUSED_KEYS = 5
# A backlog of a restart of the main site, or of the SMTP host, is delivered by then.
LONG_BACKLOG = timedelta(minutes=15)
# Most guests are down in five minutes, and a node that restarts is back by then.
LONG_UNENFORCED = timedelta(minutes=15)


@dataclass(frozen=True)
class Trouble:
    """`lines` are (what, address, detail) of the first few of `count`."""

    title: Sentence
    count: int
    lines: list[tuple[str, str, str]]


# What there is


def failed() -> "QuerySet[Operation]":
    since = timezone.now() - timedelta(hours=24)
    recent: QuerySet[Operation] = Operation.objects.filter(state="failed", finished_at__gte=since)
    return recent.exclude(error_code="superseded").select_related("vps")


def late() -> "QuerySet[Operation]":
    open_ones: QuerySet[Operation] = Operation.objects.open().filter(deadline_at__lt=timezone.now())
    return open_ones.select_related("vps")


def unreachable() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.filter(is_active=True, unreachable_since__isnull=False)
    return found


def unreachable_nodes() -> "QuerySet[ClusterNode]":
    found: QuerySet[ClusterNode] = ClusterNode.objects.unreachable().filter(cluster__is_active=True)
    return found.select_related("cluster").order_by("cluster__name", "name")


def placed(found: "QuerySet[Placement]") -> "QuerySet[Placement]":
    return found.select_related("vps", "cluster")


def running_suspended() -> "QuerySet[Placement]":
    found: QuerySet[Placement] = Placement.objects.running_suspended()
    return found.select_related("vps", "cluster")


def unenforced() -> "QuerySet[Suspension]":
    """But for guests that were seen stopped meanwhile: one that starts by itself has just begun to be stopped again."""
    long_ago = timezone.now() - LONG_UNENFORCED
    reported = {"cluster__seen_at__gt": long_ago, "missing_since": None, "doubted_since": None}
    is_news = Placement.objects.filter(Q(power_since__gt=long_ago) | Q(power="stopped", **reported))
    found: QuerySet[Suspension] = Suspension.objects.unenforced(long_ago).exclude(pk__in=is_news.values("vps_id"))
    return found.select_related("vps__placement__cluster").order_by("since")


def unseen() -> "QuerySet[Placement]":
    found: QuerySet[Placement] = Placement.objects.unseen()
    return found.select_related("vps", "cluster").order_by("power_since")


def not_polled() -> "QuerySet[Cluster]":
    """Those that nobody has polled of late, though they are not known to be unreachable: workers or clock do not run, say."""
    found: QuerySet[Cluster] = Cluster.objects.active().filter(unreachable_since=None).not_fresh(timezone.now())
    return found


def doubted() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.active().filter(doubted_since__isnull=False)
    return found


def lacking() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.active().filter(lacking__isnull=False).exclude(lacking=[])
    return found


def unbound() -> "QuerySet[Vps]":
    found: QuerySet[Vps] = Vps.objects.unbound().select_related("user", "why_unbound")
    return found


def twins() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.filter(same_as__isnull=False).select_related("same_as")
    return found


def long_creating() -> "QuerySet[Vps]":
    found: QuerySet[Vps] = Vps.objects.creating_since_before(timezone.now() - LONG_CREATING)
    return found.select_related("user").order_by("updated_at")


def failing_calls() -> "QuerySet[SyncCall]":
    found: QuerySet[SyncCall] = calls_of_the_last_hour().failing(MANY_FAILED_CALLS)
    return found


def refused_keys() -> "QuerySet[SyncCall]":
    found: QuerySet[SyncCall] = calls_of_the_last_hour().refused_keys(MANY_REFUSED_KEYS)
    return found


def calls_of_the_last_hour() -> Any:
    return SyncCall.objects.since(timezone.now() - timedelta(hours=1))


def unsent_mails() -> "QuerySet[Mail]":
    now = timezone.now()
    found: QuerySet[Mail] = Mail.objects.unsent(
        failed_since=now - timedelta(hours=24), waiting_since=now - LONG_BACKLOG
    )
    return found.select_related("user").order_by("-id")


def undelivered() -> "QuerySet[WebhookDelivery]":
    found: QuerySet[WebhookDelivery] = WebhookDelivery.objects.given_up_since(hours=24)
    return found.select_related("endpoint", "vps")


def given_up() -> "QuerySet[WebhookEndpoint]":
    """What staff have disabled needs nobody's attention."""
    found: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.disabled()
    return found.exclude(disabled_why=WebhookEndpoint.Why.STAFF)


def unreadable() -> "QuerySet[WebhookEndpoint]":
    found: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.active().unreadable()
    return found


def behind() -> "QuerySet[WebhookEndpoint]":
    active = with_backlog(WebhookEndpoint.objects.active())
    found: QuerySet[WebhookEndpoint] = active.filter(oldest__lt=timezone.now() - LONG_BACKLOG)
    return found


# What is said of each


def of_operation(operation: Any) -> tuple[str, str, str]:
    name = operation.vps.name if operation.vps else f"#{operation.vps_id}"
    detail = f"{operation.error_code} {operation.error_detail}".strip()
    return f"{name}: {operation}", reverse("admin:vps_operation_change", args=[operation.pk]), detail


def of_killing(operation: Any) -> tuple[str, str, str]:
    what, address, detail = of_operation(operation)
    return what, address, joined(_("turns without an end: %(count)s") % {"count": operation.claims}, detail)


def of_cluster(cluster: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_cluster_change", args=[cluster.pk])
    return cluster.name, address, joined(since(cluster.unreachable_since), cluster.failure)


def of_node(node: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_cluster_change", args=[node.cluster_id])
    return str(node), address, joined(since(node.unreachable_since), node.failure)


def of_vps(vps: Any) -> tuple[str, str, str]:
    return f"{vps.name} #{vps.pk}", reverse("admin:vps_vps_change", args=[vps.pk]), vps.user.username


def of_unbound(vps: Any) -> tuple[str, str, str]:
    what, address, owner = of_vps(vps)
    why = getattr(vps, "why_unbound", None)
    return what, address, joined(owner, why and why.sentence)


def of_twin(cluster: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_cluster_change", args=[cluster.pk])
    return cluster.name, address, str(_("the same as %(name)s") % {"name": cluster.same_as})


def of_creating(vps: Any) -> tuple[str, str, str]:
    what, address, owner = of_vps(vps)
    return what, address, joined(owner, since(vps.updated_at))


def of_call(call: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_synccall_change", args=[call.pk])
    return str(call), address, joined(in_utc(call.at), call.message)


def of_refused_key(call: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_synccall_change", args=[call.pk])
    return in_utc(call.at), address, f"× {call.count}"


def of_missing(placement: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_vps_change", args=[placement.vps_id])
    return placement.vps.name, address, joined(placement, since(placement.missing_since))


def of_running_suspended(placement: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_vps_change", args=[placement.vps_id])
    return placement.vps.name, address, joined(placement, placement.get_power_display(), since(placement.power_since))


def of_unenforced(suspension: Any) -> tuple[str, str, str]:
    vps = suspension.vps
    placement = getattr(vps, "placement", None)
    power = placement.get_power_display() if placement else _("not bound")
    address = reverse("admin:vps_vps_change", args=[vps.pk])
    return (
        vps.name,
        address,
        joined(placement, power, _("suspended since %(when)s") % {"when": in_utc(suspension.since)}),
    )


def of_unseen(placement: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_vps_change", args=[placement.vps_id])
    return placement.vps.name, address, joined(placement, placement.node, since(placement.power_since))


def of_not_polled(cluster: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_cluster_change", args=[cluster.pk])
    return cluster.name, address, str(since(cluster.seen_at) or _("not asked yet"))


def of_doubted(cluster: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_cluster_change", args=[cluster.pk])
    return cluster.name, address, joined(doubt_of(cluster), since(cluster.doubted_since))


def of_lacking(cluster: Any) -> tuple[str, str, str]:
    return cluster.name, reverse("admin:vps_cluster_change", args=[cluster.pk]), joined(*lacks_of(cluster))


def of_mismatched(placement: Any) -> tuple[str, str, str]:
    what, address, detail = of_missing(placement)
    who = {"expected": placement.identity, "found": placement.found_instead}
    return what, address, joined(detail, _("expected %(expected)s, found %(found)s") % who)


def of_endpoint(endpoint: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_webhookendpoint_change", args=[endpoint.pk])
    return endpoint.name, address, joined(since(endpoint.disabled_at), endpoint.get_disabled_why_display())


def of_unreadable(endpoint: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_webhookendpoint_change", args=[endpoint.pk])
    return endpoint.name, address, joined(since(endpoint.unreachable_since), in_words(endpoint.failure))


def of_backlog(endpoint: Any) -> tuple[str, str, str]:
    what, address, _detail = of_endpoint(endpoint)
    pending = _("%(count)s, since %(when)s") % {"count": endpoint.backlog, "when": in_utc(endpoint.oldest)}
    return what, address, joined(pending, in_words(endpoint.failure))


def of_delivery(delivery: Any) -> tuple[str, str, str]:
    address = reverse("admin:vps_webhookdelivery_change", args=[delivery.pk])
    server = delivery.vps.name if delivery.vps else ""
    return f"{delivery.endpoint}: {delivery}", address, joined(delivery.get_type_display(), server)


def of_mail(mail: Any) -> tuple[str, str, str]:
    address = reverse("admin:accounts_mail_change", args=[mail.pk])
    waits = "" if mail.ended_at else since(mail.created_at)
    return str(mail), address, joined(mail.user or mail.login, waits, mail.problem_in_words)


def since(when: datetime | None) -> Sentence:
    return _("since %(when)s") % {"when": in_utc(when)} if when else ""


def joined(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)


Line = Callable[[Any], tuple[str, str, str]]
# What it is called, whose viewers are shown it, the rows, and the line of one.
TROUBLES: list[tuple[Sentence, type[Model], Callable[[], "QuerySet[Any]"], Line]] = [
    (_("The main site's calls are failing"), SyncCall, failing_calls, of_call),
    (_("The main site's key is refused, by the minute"), SyncCall, refused_keys, of_refused_key),
    (_("Clusters that do not answer"), Cluster, unreachable, of_cluster),
    (_("Clusters whose list is not believed"), Cluster, doubted, of_doubted),
    (_("Clusters whose token lacks privileges"), Cluster, lacking, of_lacking),
    (_("Clusters that nobody has heard"), Cluster, not_polled, of_not_polled),
    (_("Clusters that are registered twice"), Cluster, twins, of_twin),
    (_("Nodes that do not answer"), Cluster, unreachable_nodes, of_node),
    (
        _("Servers in whose place another guest stands"),
        Vps,
        lambda: placed(Placement.objects.mismatched()),
        of_mismatched,
    ),
    (_("Operations past their deadline"), Operation, late, of_operation),
    (
        _("Operations whose workers keep dying"),
        Operation,
        lambda: Operation.objects.killing().select_related("vps"),
        of_killing,
    ),
    (_("Operations that failed in the last 24 hours"), Operation, failed, of_operation),
    (_("Guests that are gone from their cluster"), Vps, lambda: placed(Placement.objects.gone()), of_missing),
    (_("Servers that nobody sees, though their cluster answers"), Vps, unseen, of_unseen),
    (_("Suspended servers that are switched on"), Vps, running_suspended, of_running_suspended),
    (
        _("Suspended servers that the panel is to stop, and has not seen stopped for 15 minutes"),
        Vps,
        unenforced,
        of_unenforced,
    ),
    (_("Servers that are bound to no guest"), Vps, unbound, of_unbound),
    (_("Servers being created for more than 30 minutes"), Vps, long_creating, of_creating),
    (_("Webhook endpoints whose secret cannot be read"), WebhookEndpoint, unreadable, of_unreadable),
    (_("Webhook endpoints that are disabled"), WebhookEndpoint, given_up, of_endpoint),
    (_("Webhook endpoints with events that wait for more than 15 minutes"), WebhookEndpoint, behind, of_backlog),
    (_("Events that an endpoint was not told in the last 24 hours"), WebhookDelivery, undelivered, of_delivery),
    (
        _("Mails that were not sent in the last 24 hours, or have waited for more than 15 minutes"),
        Mail,
        unsent_mails,
        of_mail,
    ),
    (_("Servers in error"), Vps, lambda: Vps.objects.filter(status="error").select_related("user"), of_vps),
]


def may_see_all(request: HttpRequest) -> bool:
    """Whether nothing found means that all is well."""
    return all(may_look_at(request, model) for _, model, _, _ in TROUBLES)


def may_look_at(request: HttpRequest, model: type[Model]) -> bool:
    return bool(request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"))


def troubles(request: HttpRequest) -> list[Trouble]:
    """Two queries a kind at most, whatever there is."""
    found = []
    for title, model, rows, line in TROUBLES:
        count = rows().count() if may_look_at(request, model) else 0
        if count:
            found.append(Trouble(title, count, [line(row) for row in rows()[:FIRST]]))
    return found
