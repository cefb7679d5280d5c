"""Which guest a VPS is, and what was last seen of it. Written by the services binding, reconcile and power."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from vps.models.cluster import Cluster
from vps.models.vps import Vps


class PlacementQuerySet(models.QuerySet["Placement"]):
    def looked(self, id: int, *, power: str, node: str) -> None:
        """A guest's own status was read just now: it outranks the cluster's list, which lags by up to 13 s."""
        since = models.Case(models.When(power=power, then="power_since"), default=Now())
        self.filter(id=id).update(power=power, node=node, power_since=since, looked_at=Now(), missing_since=None)

    def reachable(self) -> "PlacementQuerySet":
        return self.filter(cluster__is_active=True, cluster__unreachable_since=None, missing_since=None)

    def unidentified(self) -> "PlacementQuerySet":
        return self.reachable().filter(identity="")

    def lacking_address(self, now: datetime) -> "PlacementQuerySet":
        """Running guests whose VPS has no address, and that were not asked in the last minute."""
        rested = models.Q(addresses_asked_at=None) | models.Q(addresses_asked_at__lt=now - timedelta(minutes=1))
        lacking = self.reachable().filter(rested, power="running", vps__ip_address=None)
        return lacking.select_related("vps", "cluster").order_by(models.F("addresses_asked_at").asc(nulls_first=True))


class Placement(models.Model):
    """One VPS has at most one, and a guest (cluster, vmid) belongs to one VPS.

    `identity` is the SMBIOS uuid of a virtual machine or the MAC of a container: a vmid used again for somebody else's
    guest is told apart by it. It is empty until a worker has asked the hypervisor.
    """

    class Kind(models.TextChoices):
        QEMU = "qemu", _("virtual machine")
        LXC = "lxc", _("container")

    class Power(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        PAUSED = "paused", _("Paused")
        UNKNOWN = "unknown", _("Unknown")

    vps = models.OneToOneField(Vps, models.CASCADE, related_name="placement", verbose_name=_("server"))
    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="placements", verbose_name=_("cluster"))
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    vmid = models.IntegerField(_("VMID"))
    node = models.CharField(_("node"), max_length=63)
    identity = models.CharField(_("identity"), max_length=64, default="", db_default="", blank=True)
    power = models.CharField(_("power"), max_length=10, choices=Power.choices, default=Power.UNKNOWN)
    power_since = models.DateTimeField(_("seen so since"), db_default=Now())
    looked_at = models.DateTimeField(_("looked at"), null=True)
    missing_since = models.DateTimeField(_("missing since"), null=True)
    addresses_asked_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = PlacementQuerySet.as_manager()

    class Meta:
        db_table = "placements"
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "vmid"],
                name="a_guest_belongs_to_one_vps",
                violation_error_message=_("This guest is bound to another server already."),
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["qemu", "lxc"]), name="placement_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(power__in=["running", "stopped", "paused", "unknown"]),
                name="placement_power_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cluster.name} / {self.kind}/{self.vmid}"

    def unknown_since(self, now: datetime) -> datetime | None:
        """Since when the panel does not know this guest's power, or None where it does."""
        if self.power == self.Power.UNKNOWN:
            return self.power_since
        if not self.cluster.is_fresh(now):
            return self.cluster.seen_at or self.power_since
        return None
