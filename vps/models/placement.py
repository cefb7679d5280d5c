"""Which guest a VPS is, and what was last seen of it. Services and operations write it."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext_lazy as _

from vps import guests
from vps.guests import LONGEST_KEY, GuestRef, number_of
from vps.marks import Marks, identity, is_same_machine, lasting, of_identity, unique
from vps.models.cluster import Cluster
from vps.models.event import Event
from vps.models.placement_mark import PlacementMark
from vps.models.vps import Vps
from web.errors import Sentence
from web.rows import array, columns, insertion
from web.statements import Found, Statement

# How long a guest's address is good for before it is asked again, and how long one that says none is new, and may say so
# in a minute.
ADDRESS_KEEPS, NEW_FOR = timedelta(minutes=2), timedelta(minutes=15)

# Of an identity as people read it: a volume's name may be longer.
LONGEST_NAME = 64

# Of a mismatched guest that has neither SMBIOS uuid nor network card.
NAMELESS = "?"

# What `Placement.of` says of a new one.
NEW = ("vps_id", "cluster_id", "kind", "guest", "vmid", "node", "power")

# By the index of (cluster, guest).
OF_GUESTS = "(cluster_id = ANY(ARRAY(SELECT id FROM clusters)) AND guest = ANY(%s::text[]))"

# A CASE of thousands of branches is read branch by branch for every row; a list of rows is joined.
OBSERVED_COLUMNS = {
    "id": "bigint",
    "power": "text",
    "node": "text",
    "is_missing": "bool",
    "is_doubted": "bool",
}
STORE_OBSERVED = f"""
    UPDATE placements SET
        power = observed.power,
        power_since = CASE WHEN placements.power = observed.power THEN power_since ELSE statement_timestamp() END,
        node = observed.node,
        missing_since = CASE WHEN observed.is_missing THEN coalesce(missing_since, statement_timestamp()) END,
        doubted_since = CASE WHEN observed.is_doubted THEN coalesce(doubted_since, statement_timestamp()) END
    FROM unnest({", ".join(f"%s::{type}[]" for type in OBSERVED_COLUMNS.values())}) AS observed ({", ".join(OBSERVED_COLUMNS)})
    WHERE placements.id = observed.id
"""  # noqa: S608


def guest_facts(key: str) -> dict[str, Any]:
    """How events name a guest of a cluster; as a number too, where that is what its key is."""
    number = number_of(key)
    return {"guest": key} | ({} if number is None else {"vmid": number})


@cache
def fields() -> tuple[str, ...]:
    return tuple(field.attname for field in Placement._meta.concrete_fields)


class PlacementQuerySet(models.QuerySet["Placement"]):
    def store_observed(self, rows: "list[tuple[Any, ...]]") -> None:
        """OBSERVED_COLUMNS of each, by the cluster's list, in one statement. With the VPSs locked."""
        lists = [list(column) for column in zip(*rows, strict=True)]
        if lists:
            with connection.cursor() as cursor:
                cursor.execute(STORE_OBSERVED, lists)

    def reading(
        self, vps_ids: Iterable[int], keys: Collection[str], read: "Callable[[list[Placement]], object]"
    ) -> Statement:
        """Those of these VPSs, and of the guests of any cluster that have one of these keys."""
        text = f"SELECT {columns(Placement, fields())} FROM placements WHERE vps_id = ANY(%s::int[])"  # noqa: S608

        def read_all(found: Found) -> None:
            read([Placement.from_db(self.db, fields(), values) for values in found])

        if not keys:
            return Statement(text, [array(vps_ids)], read_all)
        return Statement(f"{text} OR {OF_GUESTS}", [array(vps_ids), array(keys)], read_all)

    def insertion(self, placements: "Collection[Placement]", read: Callable[[Found], object]) -> Statement:
        """Add these, made by `Placement.of`. Finds their ids."""
        rows = [[getattr(one, name) for name in NEW] for one in placements]
        return insertion(Placement, NEW, rows).returning("id", read)

    def forgetting_addresses(self, vps_ids: Iterable[int]) -> Statement:
        """That the guests of these VPSs, which are locked, have told of."""
        return Statement("UPDATE placements SET learnt_address = '' WHERE vps_id = ANY(%s::int[])", [array(vps_ids)])

    def removal(self, vps_ids: Iterable[int]) -> Statement:
        """Of these VPSs, which are locked."""
        return Statement("DELETE FROM placements WHERE vps_id = ANY(%s::int[])", [array(vps_ids)])

    def keys_among(self, clusters: "list[int]", keys: "set[str]") -> set[str]:
        """Of these guests, the bound ones."""
        found = self.filter(cluster__in=clusters, guest__in=list(keys)) if keys else self.none()
        return set(found.values_list("guest", flat=True))

    def reachable(self) -> "PlacementQuerySet":
        return self.filter(cluster__is_active=True, cluster__unreachable_since=None, missing_since=None)

    def to_identify(self) -> "PlacementQuerySet":
        """Those whose identity nobody knows yet, and those whose key names another guest, which may be gone again."""
        reachable = self.filter(cluster__is_active=True, cluster__unreachable_since=None)
        return reachable.filter(models.Q(identity="", missing_since=None) | ~models.Q(identity_mismatch=""))

    def gone(self) -> "PlacementQuerySet":
        """Those whose key names no guest. Those whose key names another guest are `mismatched`."""
        return self.filter(missing_since__isnull=False, identity_mismatch="")

    def mismatched(self) -> "PlacementQuerySet":
        return self.exclude(identity_mismatch="")

    def uncertain(self) -> "PlacementQuerySet":
        """Those of which the power is not known, however well their cluster is heard."""
        unclear = models.Q(missing_since__isnull=False) | models.Q(doubted_since__isnull=False)
        return self.filter(unclear | models.Q(power="unknown"))

    def unseen(self) -> "PlacementQuerySet":
        """Of clusters that answer: their nodes do not, or the cluster has lost them."""
        return self.reachable().filter(power="unknown").exclude(identity="")

    def running_suspended(self) -> "PlacementQuerySet":
        """Guests that somebody has switched on, or never off, though their server is suspended. Those that the panel itself
        is to stop are `Suspension.objects.unenforced`."""
        found = self.filter(vps__status="suspended", power__in=["running", "paused"], missing_since=None)
        return found.exclude(vps__suspension__power="stop", vps__suspension__ended_at=None)

    def to_ask_for_address(self, cluster: Cluster | None, now: datetime) -> "PlacementQuerySet":
        """Running guests of which the main site has said no address: those that were never asked first, then those that
        came up since, then whoever has rested longest."""
        asked, long_ago = models.F("addresses_asked_at"), {"addresses_asked_at__lt": now - ADDRESS_KEEPS}
        is_lacking = models.Q(vps__ip_address=None)
        is_learnt = models.Q(vps__ip_address=models.F("learnt_address"))
        is_up_since = models.Q(power_since__gt=asked, addresses_asked_at__lt=now - timedelta(seconds=30))
        is_new = models.Q(power_since__gt=now - NEW_FOR, addresses_asked_at__lt=now - timedelta(minutes=1))
        rested = models.Q(addresses_asked_at=None) | models.Q(**long_ago) | is_up_since | (is_lacking & is_new)
        found = self.reachable().filter(rested, is_lacking | is_learnt, cluster=cluster, power="running")
        order = models.Case(models.When(addresses_asked_at=None, then=0), models.When(is_up_since, then=1), default=2)
        # Its cluster, too: most say none, and each of these is named in the log.
        return found.select_related("vps", "cluster").order_by(order, asked.asc(nulls_first=True))


class Placement(models.Model):
    """One VPS has at most one, and a guest (cluster, key) belongs to one VPS.

    Its guest is known by its marks (PlacementMark): a key used again for somebody else's guest is told apart by them.
    `identity` is the first of the strongest, for people; it is empty until a worker has asked the hypervisor, as it does
    again within the hour (`identified_at`). `identity_mismatch` is the identity of another guest that its key was found to
    name: then its own is missing, and nothing is asked of it until it is seen there again. `doubted_since`: the list tells
    of another machine than the round before, and nothing of it is shown until it has said who it is.
    """

    class Kind(models.TextChoices):
        """As the table and the main site call them; `guest_kind` is the word that drivers and services share."""

        VM = "qemu", _("virtual machine")
        CONTAINER = "lxc", _("container")

        @property
        def guest_kind(self) -> guests.Kind:
            return guests.Kind[self.name]

        @classmethod
        def of(cls, kind: guests.Kind) -> "Placement.Kind":
            return cls[kind.name]

    class Power(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        PAUSED = "paused", _("Paused")
        UNKNOWN = "unknown", _("Unknown")

    vps = models.OneToOneField(Vps, models.CASCADE, related_name="placement", verbose_name=_("server"))
    cluster = models.ForeignKey(
        Cluster, models.PROTECT, db_index=False, related_name="placements", verbose_name=_("cluster")
    )
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    # Whoever writes the number alone, as a release before did, has the key written by a trigger.
    guest = models.CharField(_("guest"), max_length=LONGEST_KEY, db_default="")
    vmid = models.IntegerField(_("VMID"), null=True, blank=True)
    node = models.CharField(_("node"), max_length=63)
    identity = models.CharField(_("identity"), max_length=LONGEST_NAME, default="", db_default="", blank=True)
    power = models.CharField(_("power"), max_length=10, choices=Power.choices, default=Power.UNKNOWN)
    power_since = models.DateTimeField(_("seen so since"), db_default=Now())
    looked_at = models.DateTimeField(_("looked at"), null=True)
    missing_since = models.DateTimeField(_("missing since"), null=True)
    identity_mismatch = models.CharField(
        _("who is in its place"), max_length=LONGEST_NAME, default="", db_default="", blank=True, db_column="stranger"
    )
    identified_at = models.DateTimeField(_("said last who it is"), db_default=Now(), editable=False)
    doubted_since = models.DateTimeField(_("in doubt since"), null=True, editable=False)
    # The address that its guest told of; '' where the main site has said one, or none was told.
    learnt_address = models.CharField(
        _("address that it told"), max_length=45, default="", db_default="", blank=True, editable=False
    )
    addresses_asked_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = PlacementQuerySet.as_manager()

    class Meta:
        db_table = "placements"
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        indexes = [
            models.Index(fields=["cluster", "vps"], name="placements_of_a_cluster"),
            models.Index(
                fields=["vps"],
                condition=models.Q(missing_since__isnull=False)
                | models.Q(doubted_since__isnull=False)
                | models.Q(power="unknown")
                | ~models.Q(identity_mismatch=""),
                name="placements_in_trouble",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "guest"],
                name="a_guest_has_one_vps",
                violation_error_message=_("This guest is bound to another server already."),
            ),
            models.CheckConstraint(condition=~models.Q(guest=""), name="a_placement_names_its_guest"),
            models.CheckConstraint(
                condition=models.Q(vmid=None) | models.Q(guest=Cast("vmid", models.TextField())),
                name="a_guests_number_is_its_key",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["qemu", "lxc"]), name="placement_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(power__in=["running", "stopped", "paused", "unknown"]),
                name="placement_power_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cluster.name} / {self.kind}/{self.guest}"

    @classmethod
    def of(cls, vps_id: int, cluster: Cluster, ref: GuestRef) -> "Placement":
        """That this VPS is this guest, not saved yet."""
        named = {"guest": ref.key, "vmid": number_of(ref.key), "node": ref.node}
        return cls(vps_id=vps_id, cluster=cluster, kind=cls.Kind.of(ref.kind), **named)

    @property
    def facts(self) -> dict[str, Any]:
        """Which guest it is, as events tell it."""
        return {"cluster": self.cluster.name, "kind": self.kind} | guest_facts(self.guest)

    @property
    def ref(self) -> GuestRef:
        """The guest as drivers name it, where it was last seen."""
        return self.ref_on(self.node)

    def ref_on(self, node: str) -> GuestRef:
        return GuestRef(Placement.Kind(self.kind).guest_kind, self.guest, node)

    @property
    def found_instead(self) -> Sentence:
        """The identity of the guest in its place, in words where that has none, or ''."""
        return _("a guest without identity") if self.identity_mismatch == NAMELESS else self.identity_mismatch

    def claim(self, found: Marks) -> bool:
        """Take the marks of the guest that was found, where it is the machine that was bound, or none is known of yet.

        False, with nothing written, of another machine, and of one that another VPS has, through whatever cluster row.
        """
        kept = PlacementMark.objects.known(self.pk)
        # A release of before kept the identity alone.
        known = kept or of_identity(self.identity)
        if known and not is_same_machine(known, found):
            return False
        decisive = unique(found)[:1] if known else unique(found)
        if not PlacementMark.objects.claim(self.pk, kept, lasting(known, found), decisive):
            return False
        self.keep_identity(identity(found)[:LONGEST_NAME])
        return True

    def keep_identity(self, name: str) -> None:
        """The word by which people know the machine."""
        if name and self.identity != name:
            Placement.objects.filter(pk=self.pk).update(identity=name)
            self.identity = name

    def see(self, *, power: str, node: str) -> None:
        """Its guest's own status was read just now: that outranks the cluster's list, which lags."""
        since = models.Case(models.When(power=power, then="power_since"), default=Now())
        seen = Placement.objects.filter(pk=self.pk, identity_mismatch="")
        seen.update(power=power, node=node, power_since=since, looked_at=Now(), missing_since=None)

    def record_mismatch(self, marks: Marks) -> None:
        """Its key names another guest, of which nothing is this VPS's. To be called with the VPS locked."""
        since = models.functions.Coalesce("missing_since", Now())
        found = identity(marks)[:LONGEST_NAME]
        news = Placement.objects.filter(pk=self.pk).exclude(identity_mismatch=found or NAMELESS)
        where = {"identity_mismatch": found or NAMELESS, "missing_since": since, "doubted_since": None}
        if news.update(**where, power="unknown", power_since=Now()):
            self.record(Event.Type.VPS_IDENTITY_MISMATCH, expected=self.identity, found=found)

    def record_missing(self) -> None:
        """Its key names no guest of the cluster. To be called with the VPS locked."""
        if Placement.objects.filter(pk=self.pk, missing_since=None).update(missing_since=Now()):
            self.record(Event.Type.VPS_MISSING)

    def record_found(self) -> None:
        """Its key names its own guest, which was missing, or in doubt. To be called with the VPS locked."""
        Placement.objects.filter(pk=self.pk).update(doubted_since=None, identified_at=Now())
        missing = Placement.objects.filter(pk=self.pk, missing_since__isnull=False)
        if missing.update(identity_mismatch="", missing_since=None):
            self.record(Event.Type.VPS_FOUND)

    def record(self, type: str, **data: Any) -> None:
        Event.objects.record(type, self.vps, source=Event.Source.SYSTEM, **guest_facts(self.guest), **data)

    @property
    def is_certain(self) -> bool:
        """Whether what is seen under its key is surely its own guest's."""
        return self.missing_since is None and self.doubted_since is None

    def is_unreachable(self, now: datetime) -> bool:
        """Whether its cluster or node does not answer. What was just added or bound has not been asked yet."""
        is_new = self.cluster.seen_at is None and self.cluster.failures == 0
        is_answering = is_new or self.cluster.is_fresh(now)
        return not is_answering or (self.power == self.Power.UNKNOWN and bool(self.identity))

    def unknown_since(self, now: datetime) -> datetime | None:
        """Since when the panel does not know this guest's power, or None where it does."""
        if self.doubted_since or self.power == self.Power.UNKNOWN:
            return self.doubted_since or self.power_since
        if not self.cluster.is_fresh(now):
            return self.cluster.seen_at or self.power_since
        return None
