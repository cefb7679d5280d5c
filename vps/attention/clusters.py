"""Trouble with clusters: those that do not answer, are not believed, lack privileges. The table of kinds has it."""

from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import F, Min, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from vps.attention.kind import Kind
from vps.models import Cluster, ClusterNode
from vps.models.cluster_trouble import DOUBTS


def unreachable() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.filter(is_active=True, unreachable_since__isnull=False)
    return found


def doubted() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.active().filter(doubted_since__isnull=False)
    return found


def lacking() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.active().filter(lacking__isnull=False).exclude(lacking=[])
    return found


def not_polled() -> "QuerySet[Cluster]":
    """Those that nobody has polled of late, though they are not known to be unreachable: workers or clock do not run, say."""
    found: QuerySet[Cluster] = Cluster.objects.active().filter(unreachable_since=None).not_fresh(timezone.now())
    return found


def twins() -> "QuerySet[Cluster]":
    found: QuerySet[Cluster] = Cluster.objects.filter(same_as__isnull=False)
    return found


def with_unreachable_nodes() -> "QuerySet[Cluster]":
    nodes = ClusterNode.objects.unreachable().values("cluster")
    found: QuerySet[Cluster] = Cluster.objects.filter(is_active=True, pk__in=nodes)
    return found


def of_its_unreachable_nodes(**aggregate: Any) -> Subquery:
    nodes = ClusterNode.objects.unreachable().filter(cluster=OuterRef("pk")).order_by().values("cluster")
    return Subquery(nodes.annotate(**aggregate).values(*aggregate))


def doubt_in_words(name: str, why: str) -> str:
    return f"{name}: {DOUBTS.get(why, why)}"


def twin_in_words(name: str, other: str) -> str:
    return _("%(name)s is the same as %(other)s") % {"name": name, "other": other}


def not_observed_in_words(name: str, observed: str) -> str:
    return name if observed else _("%(name)s: not asked yet") % {"name": name}


def kind(key: str, icon: str, title: Any, **more: Any) -> Kind:
    return Kind(key=key, icon=icon, title=title, model=Cluster, label=F("name"), **more)


UNREACHABLE = kind(
    "unreachable-clusters",
    "plug-connected-x",
    ngettext_lazy("Cluster does not answer", "Clusters do not answer", "count"),
    rows=unreachable,
    since=F("unreachable_since"),
    detail=F("failure"),
)
DOUBTED = kind(
    "doubted-clusters",
    "user-question",
    ngettext_lazy("Cluster whose list is not believed", "Clusters whose list is not believed", "count"),
    rows=doubted,
    since=F("doubted_since"),
    detail=KT("doubt__why"),
    wording=doubt_in_words,
)
LACKING = kind(
    "clusters-without-privileges",
    "shield-x",
    ngettext_lazy("Cluster whose token lacks privileges", "Clusters whose token lacks privileges", "count"),
    rows=lacking,
    since=F("rights_asked_at"),
    detail=KT("lacking__0__privilege"),
)
NOT_POLLED = kind(
    "clusters-not-heard",
    "zzz",
    ngettext_lazy("Cluster that nobody has heard", "Clusters that nobody has heard", "count"),
    rows=not_polled,
    since=F("seen_at"),
    detail=F("seen_at"),
    wording=not_observed_in_words,
)
TWINS = kind(
    "clusters-registered-twice",
    "copy",
    ngettext_lazy("Cluster is registered twice", "Clusters are registered twice", "count"),
    rows=twins,
    since=F("identified_at"),
    detail=F("same_as__name"),
    wording=twin_in_words,
    is_bad=False,
)
UNREACHABLE_NODES = kind(
    "silent-nodes",
    "plug-connected-x",
    ngettext_lazy("Cluster with nodes that do not answer", "Clusters with nodes that do not answer", "count"),
    rows=with_unreachable_nodes,
    since=of_its_unreachable_nodes(oldest=Min("unreachable_since")),
    detail=of_its_unreachable_nodes(names=StringAgg("name", ", ", order_by="name")),
)
