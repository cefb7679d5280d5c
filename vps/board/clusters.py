"""The clusters: whether each is heard, how many of its nodes are, and how many servers run there."""

from typing import Any

from django.db.models import Count, Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vps.board.section import Section, list_of
from vps.models import Cluster, ClusterNode
from vps.models.cluster_trouble import troubles_of
from web.errors import Sentence

ICONS = {"run": "circle-check", "fail": "alert-triangle", "ask": "help-circle", "off": "circle-off"}


def facts(user: Any) -> dict[str, Any]:
    unreachable = Prefetch("nodes", queryset=ClusterNode.objects.unreachable(), to_attr="unreachable")
    rows = Cluster.objects.defer("token_secret").annotate(servers=Count("placements")).prefetch_related(unreachable)
    may_see_servers = user.has_perm("vps.view_vps")
    found = [row(cluster, may_see_servers) for cluster in rows.order_by("-is_active", "name")]
    return {"rows": found, "all": list_of("cluster")}


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
