"""A hypervisor's cluster or single host: how it is reached, and how it is. Staff keep it in the admin; services call it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from vps.db.encrypted import CannotDecrypt, EncryptedTextField, decrypt
from vps.drivers import DEFAULT, DRIVERS, OWN_AUTHORITIES, port_of
from vps.models.circuit_breaker import CircuitBreaker, CircuitBreakerQuerySet
from vps.models.shown import FRESH_FOR
from vps.models.vps import Vps


def normal(host: str, default_port: int) -> str:
    """`Name`, `name.` and `name:8006` are one host where 8006 is the port that need not be named."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or "]" in port or not port.isdigit():
        name, port = host.strip().lower(), str(default_port)
    return f"{name.strip('[]').rstrip('.')}:{int(port)}"


RECORD_IDENTITY = """
    UPDATE clusters SET version = %(version)s, certificates = %(certificates)s, identified_at = statement_timestamp(),
        same_as_id = (
            SELECT min(others.id) FROM clusters AS others
            WHERE others.id < clusters.id AND others.is_active AND others.certificates && %(certificates)s::varchar[]
        )
    WHERE id = %(id)s RETURNING same_as_id
"""


class ClusterQuerySet(CircuitBreakerQuerySet):
    def active(self) -> "ClusterQuerySet":
        """Those in use that a driver can reach."""
        return self.filter(is_active=True, hypervisor__in=list(DRIVERS))

    def unobserved(self, for_seconds: float) -> "ClusterQuerySet":
        """Those that nobody has listened to for so long, though they may be asked."""
        is_old = models.Q(seen_at=None) | models.Q(seen_at__lt=Now() - timedelta(seconds=for_seconds))
        return self.filter(is_old, models.Q(failures=0) | models.Q(retry_at__lte=Now()))

    def not_fresh(self, now: datetime) -> "ClusterQuerySet":
        """Those whose guests are shown as unknown by now, for nobody has listened to them lately."""
        return self.filter(models.Q(seen_at=None) | models.Q(seen_at__lte=now - FRESH_FOR))

    def with_time(self) -> "ClusterQuerySet":
        """Each with `read_at`, the database's time when it was read."""
        found: ClusterQuerySet = self.annotate(read_at=Now())
        return found


class Cluster(CircuitBreaker):
    """Where guests run. The token's secret is encrypted at rest, written in the admin, and never shown again."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=63, unique=True)
    hypervisor = models.CharField(_("hypervisor"), max_length=20, choices=Vps.Hypervisor.choices, default=DEFAULT)
    is_active = models.BooleanField(_("in use"), default=True)
    hosts = ArrayField(
        models.CharField(max_length=255),
        verbose_name=_("API hosts"),
        help_text=_("One a line, name or name:port. Any of them answers for the whole cluster."),
    )
    token_id = models.CharField(_("API token"), max_length=190, help_text="user@realm!token")
    token_secret = EncryptedTextField(_("secret of the token"))
    ca_pem = models.TextField(_("CA certificate (PEM)"), blank=True)
    fingerprint = models.CharField(_("SHA-256 fingerprint of its certificate"), max_length=95, blank=True)

    # Of its list that is not believed, and since when: {"why", "unseen", "bound"}; see models/cluster_trouble.py.
    doubt = models.JSONField(null=True, editable=False)
    doubted_since = models.DateTimeField(_("doubted since"), null=True, editable=False)
    # What its token may not do, as [{"need", "privilege", "guests", "of"}]: empty where nothing is missing, and null where
    # the cluster has not said. It is asked for again where `rights_asked_at` is null, or some time ago.
    lacking = models.JSONField(null=True, editable=False)
    rights_asked_at = models.DateTimeField(null=True, editable=False)
    # While it is silent: whether it answers all the same, and says no to what everything hangs on.
    is_refusing = models.BooleanField(default=False, db_default=False, editable=False)
    seen_at = models.DateTimeField(_("heard last"), null=True, editable=False)
    certificates = ArrayField(
        models.CharField(max_length=160), default=list, db_default=[], editable=False, verbose_name=_("its nodes")
    )
    identified_at = models.DateTimeField(null=True, editable=False)
    same_as = models.ForeignKey("self", models.SET_NULL, null=True, editable=False, related_name="+")
    version = models.CharField(_("version"), max_length=40, default="", db_default="", blank=True, editable=False)

    objects: ClassVar[Any] = ClusterQuerySet.as_manager()

    class Meta:
        db_table = "clusters"
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> set[str]:
        """Its hosts, each written in one way."""
        return {normal(host, port_of(self.hypervisor)) for host in self.hosts}

    def shares_with(self, other: "Cluster") -> str:
        """By which of its fields this row reaches the same cluster as another, as far as rows show, or ''."""
        if self.addresses & other.addresses:
            return "hosts"
        if self.fingerprint and self.fingerprint.upper() in other.pins:
            return "fingerprint"
        return "ca_pem" if self.own_authority and self.own_authority == other.own_authority else ""

    @property
    def own_authority(self) -> bytes:
        """The authority that its certificates are checked against, where that is the cluster's own, or b""."""
        subject = OWN_AUTHORITIES.get(self.hypervisor)
        return authority(self.ca_pem, subject) if subject else b""

    @property
    def pins(self) -> set[str]:
        """The certificates of its nodes, as it named them or staff wrote them."""
        named = {certificate.rpartition(" ")[2] for certificate in self.certificates}
        return named | ({self.fingerprint.upper()} if self.fingerprint else set())

    def is_same_as(self, other: "Cluster") -> bool:
        """Whether both rows reach one cluster: by what it said of itself, or else by what rows show."""
        if other.pk in (self.pk, self.same_as_id) or other.same_as_id == self.pk:
            return True
        shares_certificates = bool(set(self.certificates) & set(other.certificates))
        return shares_certificates or bool(self.shares_with(other) or other.shares_with(self))

    def twins(self) -> "set[int]":
        """The rows that reach the same cluster as this one, itself among them, as far as is known."""
        same = same_clusters(Cluster.objects.all())
        return {pk for pk, first in same.items() if first == same.get(self.pk)} | {self.pk}

    def doubt_list(self, doubt: dict[str, Any]) -> None:
        """Guests of ours are not in its list, and there is a reason not to believe that they are gone."""
        self.row.update(doubt=doubt, doubted_since=Coalesce("doubted_since", Now()))

    def believe_list(self) -> None:
        self.row.filter(doubted_since__isnull=False).update(doubt=None, doubted_since=None)

    def record_list(self, **facts: Any) -> None:
        """Its list of guests was taken in just now, and these facts beside it."""
        self.row.update(seen_at=Now(), **facts)

    def record_identity(self, version: str, certificates: "tuple[str, ...]") -> "int | None":
        """What it said of itself just now. Returns the older row that reaches the same cluster, or None."""
        with connection.cursor() as cursor:
            cursor.execute(RECORD_IDENTITY, {"id": self.pk, "version": version, "certificates": list(certificates)})
            found: int | None = cursor.fetchone()[0]
        return found

    def ask_who_it_is(self) -> None:
        """With the next round: staff want to know, or have changed how it is reached."""
        self.row.update(identified_at=None)

    def ask_for_rights(self) -> None:
        """With the next round: staff want to know, or a command was denied."""
        self.row.update(rights_asked_at=None)

    def credentials(self) -> dict[str, Any]:
        """The fields of hypervisor.base.Access. To be handed to a driver, never to a log, and by workers alone.

        Where the secret cannot be decrypted, `fault` says so, and every call comes to it.
        """
        where = {"hosts": tuple(self.hosts), "user": self.token_id}
        trust = {"ca_pem": self.ca_pem, "fingerprint": self.fingerprint}
        try:
            return where | trust | {"secret": decrypt(self.token_secret)}
        except CannotDecrypt as error:
            return where | trust | {"secret": "", "fault": f"the secret of its token: {error}"}

    def is_known(self, now: datetime) -> bool:
        """Whether it was heard all along, and has said within the hour who it is."""
        was_identified_lately = self.identified_at is not None and now - self.identified_at < timedelta(hours=1)
        return was_identified_lately and self.is_fresh(now)

    def is_fresh(self, now: datetime) -> bool:
        return self.seen_at is not None and now - self.seen_at < FRESH_FOR


@lru_cache(maxsize=100)
def authority(ca_pem: str, subject: str) -> bytes:
    """A cluster's own authority, of which it has one; what signs for others too says nothing of it."""
    try:
        found = x509.load_pem_x509_certificate(ca_pem.encode())
    except ValueError:
        return b""
    is_clusters_own = subject in found.subject.rfc4514_string()
    return found.fingerprint(hashes.SHA256()) if is_clusters_own else b""


def same_clusters(rows: Iterable[Cluster]) -> dict[int, int]:
    """To each row the first that reaches the same cluster and is in use: itself, but for those that are registered twice."""
    first: dict[int, int] = {}
    known: list[Cluster] = sorted(rows, key=lambda row: (not row.is_active, row.pk))
    for row in known:
        first[row.pk] = next(first.get(other.pk, row.pk) for other in known if other.is_same_as(row))
    return first
