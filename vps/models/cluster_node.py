"""A node of a cluster that did not answer, so that it is asked less often and hurts nobody but its guests.

Written by vps.open_hypervisor, which learns it from calls, and by reconcile, which hears it from the cluster. A row is
made when a node falls silent for the first time.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from vps.models.circuit_breaker import CircuitBreaker, CircuitBreakerQuerySet
from vps.models.cluster import Cluster


class ClusterNodeQuerySet(CircuitBreakerQuerySet):
    def named(self, cluster_id: int, name: str) -> "ClusterNode":
        node: ClusterNode = self.get_or_create(cluster_id=cluster_id, name=name)[0]
        return node

    def ask_all_at_once(self, cluster_id: int) -> None:
        """Those of this cluster, as `ask_at_once`."""
        self.unreachable().filter(cluster=cluster_id).update(retry_at=Now())


class ClusterNode(CircuitBreaker):
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="nodes", verbose_name=_("cluster"))
    name = models.CharField(_("node"), max_length=63)

    objects: ClassVar[Any] = ClusterNodeQuerySet.as_manager()

    class Meta:
        db_table = "cluster_nodes"
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="a_node_of_a_cluster_is_one_row")]

    def __str__(self) -> str:
        return f"{self.cluster.name} / {self.name}"
