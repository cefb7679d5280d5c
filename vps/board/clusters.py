"""The clusters: whether each is heard, how many of its nodes are, and how many servers run there."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Func, IntegerField, OuterRef, Prefetch, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vps.board.section import Section, list_of
from vps.models import Cluster, ClusterNode, Placement
from vps.models.cluster_trouble import troubles_of
from web.bounded_list import MOST
from web.errors import Sentence
from web.row_estimate import estimates_by, frequent, rounded

ICONS = {"run": "circle-check", "fail": "alert-triangle", "ask": "help-circle", "off": "circle-off"}

# Of a cluster, as many as a list counts, and one more.
THEIRS = Placement.objects.filter(cluster=OuterRef("pk")).order_by().values("vps_id")[: MOST + 1]
COUNTED = Func(ArraySubquery(THEIRS), function="cardinality", output_field=IntegerField())


def facts(user: Any) -> dict[str, Any]:
    unreachable = Prefetch("nodes", queryset=ClusterNode.objects.unreachable(), to_attr="unreachable")
    rows = Cluster.objects.defer("token_secret").annotate(servers=counted()).prefetch_related(unreachable)
    may_see_servers = user.has_perm("vps.view_vps")
    found = list(rows.order_by("-is_active", "name"))
    about = estimates_by(Placement, "cluster_id") if any(cluster.servers > MOST for cluster in found) else {}
    return {
        "rows": [row(cluster, may_see_servers) | servers_of(cluster, about) for cluster in found],
        "all": list_of("cluster"),
    }


def counted() -> Case:
    """Those of whom statistics say that they are many are not counted at all."""
    many = When(pk__in=frequent(Placement, "cluster_id", 2 * MOST), then=Value(MOST + 1))
    return Case(many, default=COUNTED, output_field=IntegerField())


def servers_of(cluster: Any, about: dict[int, int]) -> dict[str, Any]:
    """Of many, what statistics say."""
    if cluster.servers <= MOST:
        return {"servers": cluster.servers, "about": ""}
    return {"servers": max(rounded(about.get(cluster.pk, 0)), MOST), "about": "≈"}


def row(cluster: Any, may_see_servers: bool) -> dict[str, Any]:
    tone, words, since = contact(cluster)
    # Of a cluster that nobody hears nobody knows how its nodes are.
    is_observed = cluster.is_active and cluster.is_fresh(timezone.now()) and not cluster.unreachable_since
    nodes = len(cluster.certificates) if is_observed else 0
    return {
        "cluster": cluster,
        "tone": tone,
        "icon": ICONS[tone],
        "servers_address": list_of("vps", placement__cluster__id__exact=cluster.pk) if may_see_servers else "",
        "words": words,
        "since": since,
        "nodes": nodes,
        "up": max(nodes - len(cluster.unreachable), 0),
        "is_whole": not cluster.unreachable,
    }


def contact(cluster: Any) -> tuple[str, Sentence, Any]:
    """(tone, words, since when): the worst that is known of it."""
    if not cluster.is_active:
        return "off", _("not in use"), None
    if cluster.unreachable_since:
        return "fail", _("silent for"), cluster.unreachable_since
    if cluster.seen_at is None:
        return "ask", _("not asked yet"), None
    if not cluster.is_fresh(timezone.now()):
        return "fail", _("not heard for"), cluster.seen_at
    if cluster.unreachable:
        names = ", ".join(node.name for node in cluster.unreachable)
        return (
            "fail",
            _("%(nodes)s silent for") % {"nodes": names},
            min(n.unreachable_since for n in cluster.unreachable),
        )
    if trouble := troubles_of(cluster):
        return "ask", trouble[0], None
    return "run", "", cluster.seen_at


SECTION = Section("clusters", gettext_lazy("Clusters"), ("vps.view_cluster",), facts)
