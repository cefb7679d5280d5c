"""The table `vps`, column for column as the main site knows it. Doors get one by `Vps.objects.visible_to(user)` alone."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Collate, Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.db import clock
from vps.drivers import DEFAULT, DRIVERS
from vps.errors import VpsDeleted, VpsNotFound
from vps.models.event import Event
from vps.models.external_id import ExternalId
from vps.models.failures import sentence_of
from vps.models.narrowing import NAMES, conditions, is_under_way, matching, orders
from vps.models.notice import Notice
from vps.models.operation import Operation
from vps.models.shown import LABELS, ObservedShape, Shown, observed
from vps.models.suspension import Suspension
from vps.models.tombstone import Tombstone
from vps.models.unbound_vps import UnboundVps
from web.compiled_query import CompiledQuery, CompiledRows, moment, whole, words
from web.errors import Sentence
from web.rows import array, field_of, given, insertion
from web.statements import Found, Statement, run
from web.timestamps import rfc3339

SMALLEST = {"cpu": 1, "ram": 128, "disk": 1}
LARGEST = {"cpu": 1024, "ram": 4_194_304, "disk": 1_048_576}

# As staff's lists find and sort them: by code points, whatever language the database was made for.
BY_NAME = Collate(Lower("name"), "C")
BY_ADDRESS = Collate("ip_address", "C")

# A row of the table as every answer shows it, by the names of its columns: what `Vps.columns` gives, without a Vps.
Row = dict[str, Any]
TIMES = ("created_at", "updated_at")


@cache
def columns() -> tuple[list[str], Callable[[Any], tuple[Any, ...]], list[str]]:
    """The names of all columns, what reads them off a row, and the names of those that are times."""
    fields = Vps._meta.concrete_fields
    names = [field.attname for field in fields]
    moments = [field.attname for field in fields if isinstance(field, models.DateTimeField)]
    return names, attrgetter(*names), moments


@cache
def names() -> tuple[str, ...]:
    """Every column that the table has, but for the times."""
    return tuple(field.attname for field in Vps._meta.concrete_fields if field.attname not in TIMES)


@cache
def blank() -> Row:
    """A row of which nothing is said yet."""
    defaults = ((name, field_of(Vps, name).get_default()) for name in names())
    return {name: default and str(default) for name, default in defaults} | dict.fromkeys(TIMES)


@cache
def lock_rows() -> str:
    """Times as `rfc3339` writes them."""
    times = (f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""" for name in TIMES)
    return f"SELECT {', '.join([*names(), *times])} FROM vps WHERE id = ANY(%s::int[]) ORDER BY id FOR UPDATE"  # noqa: S608


@cache
def rewrite_rows(given: str) -> str:
    fresh = ", ".join(f"{name} = given.{name}" for name in names() if name != "id")
    return f"UPDATE vps SET {fresh}, updated_at = %s FROM {given} WHERE vps.id = given.id"  # noqa: S608


@cache
def values_of() -> Callable[[Row], tuple[Any, ...]]:
    """What reads `names` off a row."""
    return itemgetter(*names())


def without_nul(text: str) -> str:
    """PostgreSQL has no such texts."""
    return text.replace("\0", "")


def unseen_failures() -> models.QuerySet[Notice]:
    """What has failed on a server and its owner has not seen yet, unless anybody has asked for something since."""
    later = Operation.objects.filter(vps=models.OuterRef("vps"), pk__gt=models.OuterRef("operation"))
    failed = Notice.objects.unseen().filter(outcome=Notice.Outcome.FAILED, user=models.F("vps__user"))
    return failed.exclude(models.Exists(later)).order_by("-id")


def has_unseen_failure() -> models.Exists:
    """A condition on VPSs: `failed_notice` is there."""
    return models.Exists(unseen_failures().filter(vps=models.OuterRef("pk")))


class VpsQuerySet(models.QuerySet["Vps"]):
    def visible_to(self, user: Any) -> "VpsQuerySet":
        """What this user owns. Everybody, staff too, sees only their own here; staff see the rest in the admin."""
        return self.filter(user=user)

    def with_state(self) -> "VpsQuerySet":
        """With all that pages show of a server's state, in three queries whatever the number of rows."""
        failures = unseen_failures().select_related("operation__requested_by")
        return self.with_operation().prefetch_related(
            models.Prefetch("notices", queryset=failures, to_attr="failed_notices")
        )

    def with_operation(self) -> "VpsQuerySet":
        """With all that `shown` and the buttons need, in two queries whatever the number of rows."""
        operations = Operation.objects.open().select_related("requested_by")
        return self.select_related("placement__cluster", "suspension").prefetch_related(
            models.Prefetch("operations", queryset=operations, to_attr="open_operations")
        )

    def with_external_id(self) -> "VpsQuerySet":
        """With the main site's own id of each, or None, as `external_id`."""
        named = ExternalId.objects.filter(vps_id=models.OuterRef("pk")).values("external_id")
        return self.annotate(external_id=models.Subquery(named))

    def named(self, id: int, external_id: str) -> "Vps":
        """The one that the main site means by this external id, or else by this id. Raises VpsDeleted, VpsNotFound."""
        meant: Any = ExternalId.objects.meaning(external_id) if external_id else [id]
        if found := self.filter(pk__in=meant).first():
            return found
        if Tombstone.objects.filter(pk__in=meant).exists():
            raise VpsDeleted
        raise VpsNotFound(f"There is no VPS {f'with external_id {external_id!r}' if external_id else id}.")

    def matching(self, text: str) -> "VpsQuerySet":
        return self.filter(matching(without_nul(text)))

    def with_conditions(self) -> "VpsQuerySet":
        """With what `narrowed_to`, `counted` and `in_order` ask of each row."""
        return self.alias(is_under_way=is_under_way(), has_failed=has_unseen_failure())

    def narrowed_to(self, word: str) -> "VpsQuerySet":
        """Those of one of `conditions`; all, where there is none of this name."""
        condition = conditions(timezone.now()).get(word)
        return self if condition is None else self.with_conditions().filter(condition)

    def counting(self, text: Any, now: Any) -> Any:
        """One row: what `counted` says, in the order of COUNTED."""
        found = matching(text)
        each = {word: models.Count("pk", filter=found & condition) for word, condition in conditions(now).items()}
        counts = {"total": models.Count("pk"), "all": models.Count("pk", filter=found), **each}
        grouped = self.with_conditions().order_by().values(one=models.Value(1))
        return grouped.annotate(**counts).values_list(*COUNTED)

    def counted(self, user: Any, text: str) -> dict[str, int]:
        """How many this user owns (`total`), how many match the text (`all`), and how many of these each condition finds: in
        one query."""
        asked = COUNTS_OF_MATCHING if text else COUNTS
        (counts,) = asked.all(user=user.pk, text=without_nul(text), now=timezone.now())
        return dict(zip(COUNTED, counts, strict=True))

    def in_order(self, key: str) -> "VpsQuerySet":
        """By one of `orders`, or with a minus before it the other way round; by name, where there is none of this name."""
        known = orders(timezone.now())
        by = known.get(key.removeprefix("-"), known["name"])
        own = [one.desc(nulls_last=True) if key.startswith("-") else one.asc(nulls_last=True) for one in by]
        return self.with_conditions().order_by(*own, *known["name"], "pk")

    def unbound(self) -> "VpsQuerySet":
        """Those that no guest is, though a driver could reach one."""
        unbound = UnboundVps.objects.values("pk")
        return self.filter(pk__in=unbound, placement__isnull=True, hypervisor__in=list(DRIVERS))

    def unbound_on(self, hypervisor: str) -> "VpsQuerySet":
        """Those that a guest of such a cluster may be."""
        return self.unbound().filter(hypervisor=hypervisor)

    def learnt_address(self, vps: "Vps", address: str) -> None:
        """Take the guest's word. With the row locked."""
        self.filter(id=vps.pk).update(ip_address=address, updated_at=Now())

    def forget_address(self, id: int, learnt: str) -> bool:
        """What was learnt from a guest goes with it. Whether there was any."""
        return bool(learnt and self.filter(id=id, ip_address=learnt).update(ip_address=None, updated_at=Now()))

    def creating_since_before(self, moment: Any) -> "VpsQuerySet":
        return self.filter(status=Vps.Status.CREATING, updated_at__lt=moment)

    def gave_up(self, vpses: "list[Vps]", code: str) -> None:
        """Move these, whose rows are locked, to error, and record why."""
        self.filter(id__in=[vps.pk for vps in vpses]).update(status=Vps.Status.ERROR, updated_at=Now())
        Event.objects.record_status(vpses, Vps.Status.ERROR, code=code)

    def locked(self, ids: Iterable[int | None], *, free_ones: bool = False) -> "list[Vps]":
        """These rows, for this transaction alone. Whoever writes of a VPS locks its row first, and many by their ids:
        in one order nobody waits for another in a circle. With `free_ones`, those alone that nobody else has locked."""
        rows = self.select_for_update(of=("self",), skip_locked=free_ones)
        return list(rows.filter(id__in=list(ids)).order_by("id"))

    def locked_now(self, id: int | None) -> "tuple[list[Vps], datetime]":
        """As `locked`, of one with its placement, and the database's clock once it is locked."""
        found: list[Vps] = []
        moments: list[datetime] = []
        ids = [] if id is None else [id]
        reading = [WITH_PLACEMENT.reading(found.extend, id=id), clock.reading(moments.append)]
        run([self.locking_alone(ids, lambda _: None), *reading])
        return found, moments[0]

    def locked_one(self, id: int) -> "Vps | None":
        return next(iter(self.locked([id])), None)

    def locking(self, ids: Iterable[int], read: Callable[[Row], object]) -> Statement:
        """As `locked`, without an object for each: `read` is given each row."""
        keys = (*names(), *TIMES)

        def read_all(found: Found) -> None:
            for values in found:
                read(dict(zip(keys, values, strict=True)))

        return Statement(lock_rows(), [array(ids)], read_all)

    def locking_alone(self, ids: Iterable[int], read: Callable[[Found], object]) -> Statement:
        """As `locking`, of rows that are read later. Finds (id) of those that are there."""
        return Statement("SELECT id FROM vps WHERE id = ANY(%s::int[]) ORDER BY id FOR UPDATE", [array(ids)], read)

    def reserving(self, count: int, read: Callable[[Found], object]) -> Statement:
        """Finds so many ids that nobody else is given."""
        return Statement("SELECT nextval('vps_id_seq') FROM generate_series(1, %s)", [count], read)

    def insertion(self, rows: "Collection[Row]", now: datetime) -> Statement:
        """Add these. Both of their times are `now`."""
        return insertion(Vps, names(), map(values_of(), rows), created_at=now, updated_at=now)

    def rewriting(self, rows: "Collection[Row]", now: datetime) -> Statement:
        """Write these, which are locked, as they are here: changed `now`."""
        source, values = given(Vps, names(), map(values_of(), rows))
        return Statement(rewrite_rows(source), [now, *values])

    def removal(self, ids: Iterable[int]) -> Statement:
        """Take these rows, which are locked, away. Their placements must be gone."""
        return Statement("DELETE FROM vps WHERE id = ANY(%s::int[])", [array(ids)])

    def observed(self, ids: Iterable[int], status: str, operation: Operation | None = None) -> None:
        """Move these, whose rows are locked, to what was seen, and record it.

        What the main site said of creating, suspended or error is never overruled.
        """
        self.move(self.filter(id__in=list(ids), status__in=Vps.OBSERVED).exclude(status=status), status, operation)

    def move(self, vpses: "Iterable[Vps]", status: str, operation: Operation | None = None) -> None:
        """As `observed`, of those that were read when they were locked."""
        moving = [vps for vps in vpses if vps.status in Vps.OBSERVED and vps.status != status]
        self.filter(id__in=[vps.pk for vps in moving]).update(status=status, updated_at=Now())
        Event.objects.record_status(moving, status, operation)


COUNTED = ("total", "all", *sorted(NAMES))


def counts(text: Any) -> CompiledRows:
    return CompiledRows(lambda: Vps.objects.visible_to(whole("user")).counting(text, moment("now")))


COUNTS, COUNTS_OF_MATCHING = counts(""), counts(words("text"))
# Asked behind the lock, so that what was committed meanwhile is seen.
WITH_PLACEMENT = CompiledQuery(lambda: Vps.objects.select_related("placement").filter(id=whole("id")))


class Vps(models.Model):
    """A virtual server that we sell.

    The main site writes any `status`; what is seen on the hypervisor moves it between running and stopped alone.
    """

    class Status(models.TextChoices):
        CREATING = "creating", _("Being created")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        SUSPENDED = "suspended", _("Suspended")
        ERROR = "error", _("Error")

    class Hypervisor(models.TextChoices):
        PROXMOX = "proxmox", "Proxmox VE"
        VMWARE = "vmware", "VMware"
        HYPERV = "hyperv", "Hyper-V"
        KVM = "kvm", "KVM"
        XEN = "xen", "Xen"

    OBSERVED = (Status.RUNNING, Status.STOPPED)
    SEEN_AS: ClassVar[dict[str, Sentence]] = dict(Status.choices) | LABELS

    id = models.AutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=255)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.CREATING)
    ip_address = models.CharField(_("address"), max_length=45, null=True, blank=True)  # noqa: DJ001  the contract says null
    cpu = models.IntegerField(_("CPU cores"))
    ram = models.IntegerField(_("RAM, MB"))
    disk = models.IntegerField(_("disk, GB"))
    os = models.CharField(_("operating system"), max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="vpses", verbose_name=_("owner")
    )
    hypervisor = models.CharField(_("hypervisor"), max_length=20, choices=Hypervisor.choices, default=DEFAULT)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = VpsQuerySet.as_manager()

    class Meta:
        db_table = "vps"
        verbose_name = _("server")
        verbose_name_plural = _("servers")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["user", "id"], name="vps_of_a_user_in_order"),
            models.Index(fields=["updated_at"], condition=models.Q(status="creating"), name="vps_being_created_since"),
            models.Index(BY_NAME, "id", name="vps_by_name"),
            models.Index(BY_ADDRESS, "id", name="vps_by_address"),
            models.Index(fields=["status", "id"], name="vps_by_status"),
            models.Index(fields=["updated_at", "id"], name="vps_by_last_change"),
            models.Index(fields=["hypervisor", "id"], condition=~models.Q(hypervisor=DEFAULT), name="vps_elsewhere"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["creating", "running", "stopped", "suspended", "error"]),
                name="vps_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(hypervisor__in=["proxmox", "vmware", "hyperv", "kvm", "xen"]),
                name="vps_hypervisor_is_known",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{column}__gte": SMALLEST[column], f"{column}__lte": LARGEST[column]}),
                    name=f"vps_{column}_is_in_range",
                )
                for column in SMALLEST
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def columns(self) -> dict[str, Any]:
        """Every column of the table, as the contract shows it, wherever it is shown."""
        names, values_of, moments = columns()
        shown = dict(zip(names, values_of(self), strict=True))
        return shown | {name: rfc3339(shown[name]) for name in moments}

    def row(self) -> dict[str, Any]:
        """The columns, and the main site's own id where it has one: of those that came `with_external_id`."""
        return self.columns() | ({"external_id": self.external_id} if self.external_id else {})  # type: ignore[attr-defined]

    def why_in_error(self) -> Sentence:
        """Why the panel itself gave this server up, or ''. A query, of a server in error alone."""
        code = Event.objects.code_of_status(self) if self.status == self.Status.ERROR else ""
        return sentence_of(code) if code else ""

    @property
    def current_suspension(self) -> Suspension | None:
        """Why and since when it is suspended, or None where it is not. Where nothing is known of that, nothing is told."""
        if self.status != self.Status.SUSPENDED:
            return None
        known = getattr(self, "suspension", None)
        return known if known and known.ended_at is None else Suspension(vps_id=self.pk, since=None)

    @property
    def address_source(self) -> str | None:
        """Who said its address: "main_site" or "guest"."""
        if self.ip_address is None:
            return None
        placement = getattr(self, "placement", None)
        return "guest" if placement and placement.learnt_address == self.ip_address else "main_site"

    @property
    def ram_gb(self) -> float:
        return round(self.ram / 1024, 2)

    @property
    def open_operation(self) -> Operation | None:
        """The one that is under way. Costs no query on rows that came by `with_state`."""
        known = self.__dict__.get("open_operations")
        found = list(self.operations.open()) if known is None else known
        return found[0] if found else None

    @property
    def failed_notice(self) -> Notice | None:
        """Of what failed last on this server, until its owner has seen it or something else is asked. Costs no query on rows
        that came by `with_state`."""
        known = self.__dict__.get("failed_notices")
        found = list(unseen_failures().filter(vps=self)) if known is None else known
        return found[0] if found else None

    @property
    def shown(self) -> Shown:
        """What may honestly be said of this server now."""
        return Shown.of(self, timezone.now())

    @property
    def observed(self) -> ObservedShape:
        """What is seen of its guest, for programs: beside the columns, whose `status` is the main site's word."""
        return observed(self, timezone.now())
