"""What needs a hand, for the admin's first page: each kind of trouble, how many, and the first of them.

Each kind is shown to staff who may look at its rows. Called by ospab_panel.admin_site.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.errors import Sentence
from vps.models import Cluster, Operation, Placement, Vps

FIRST = 10


@dataclass(frozen=True)
class Trouble:
    """`lines` are (what, address, detail) of the first few of `count`."""

    title: Sentence
    count: int
    lines: list[tuple[str, str, str]]


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


def missing() -> "QuerySet[Placement]":
    found: QuerySet[Placement] = Placement.objects.filter(missing_since__isnull=False)
    return found.select_related("vps", "cluster")


def of_operation(operation: Any) -> tuple[str, str, str]:
    name = operation.vps.name if operation.vps else f"#{operation.vps_id}"
    detail = f"{operation.error_code} {operation.error_detail}".strip()
    return f"{name}: {operation}", reverse("admin:vps_operation_change", args=[operation.pk]), detail


def of_cluster(cluster: Any) -> tuple[str, str, str]:
    since = f"{cluster.unreachable_since:%Y-%m-%d %H:%M} UTC"
    return cluster.name, reverse("admin:vps_cluster_change", args=[cluster.pk]), f"{since}: {cluster.failure}"


def of_vps(vps: Any) -> tuple[str, str, str]:
    return f"{vps.name} #{vps.pk}", reverse("admin:vps_vps_change", args=[vps.pk]), vps.user.username


def of_placement(placement: Any) -> tuple[str, str, str]:
    return placement.vps.name, reverse("admin:vps_vps_change", args=[placement.vps_id]), str(placement)


Line = Callable[[Any], tuple[str, str, str]]
TROUBLES: list[tuple[Sentence, type[Model], Callable[[], "QuerySet[Any]"], Line]] = [
    (_("Clusters that do not answer"), Cluster, unreachable, of_cluster),
    (_("Operations past their deadline"), Operation, late, of_operation),
    (_("Operations that failed in the last 24 hours"), Operation, failed, of_operation),
    (_("Guests that are gone from their cluster"), Vps, missing, of_placement),
    (_("Servers that are bound to no guest"), Vps, lambda: Vps.objects.unbound().select_related("user"), of_vps),
    (_("Servers in error"), Vps, lambda: Vps.objects.filter(status="error").select_related("user"), of_vps),
]


def troubles(request: HttpRequest) -> list[Trouble]:
    """Two queries a kind at most, whatever there is."""
    found = []
    for title, model, rows, line in TROUBLES:
        may_look = request.user.has_perm(f"vps.view_{model._meta.model_name}")
        count = rows().count() if may_look else 0
        if count:
            found.append(Trouble(title, count, [line(row) for row in rows()[:FIRST]]))
    return found
