"""Why a VPS was not bound by its name, for staff. Written by services.binding alone, each time it looked."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from vps.models.placement import Placement
from web.errors import Sentence

WRITE = """
    INSERT INTO why_unbound (vps_id, reason, guest)
    SELECT given.vps_id, reason, guest FROM unnest(%s::int[], %s::text[], %s::text[]) AS given (vps_id, reason, guest)
    JOIN vps ON vps.id = given.vps_id ORDER BY given.vps_id
    ON CONFLICT (vps_id) DO UPDATE SET reason = excluded.reason, guest = excluded.guest, since = statement_timestamp()
    WHERE (why_unbound.reason, why_unbound.guest) <> (excluded.reason, excluded.guest)
"""


class WhyUnboundQuerySet(models.QuerySet["WhyUnbound"]):
    def write(self, reasons: Mapping[int, tuple[str, str]]) -> None:
        """(reason, guest) of each VPS that was looked at; what is bound by now has none."""
        others = list(self.exclude(vps__in=list(reasons)).values_list("vps_id", flat=True))
        self.filter(vps__in=list(Placement.objects.filter(vps__in=others).values_list("vps_id", flat=True))).delete()
        rows = [(vps_id, reason, guest) for vps_id, (reason, guest) in reasons.items()]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(WRITE, [list(column) for column in zip(*rows, strict=True)])


class WhyUnbound(models.Model):
    """It goes with its VPS by the database's own word."""

    class Reason(models.TextChoices):
        SWITCHED_OFF = "switched_off", _("binding by name is switched off")
        BY_HAND = "by_hand", _("staff have unbound it: it is not bound by its name again")
        TOO_OLD = "too_old", _("it is older than 7 days: a guest that appears now is hardly its own")
        TWO_SERVERS = "two_servers", _("several unbound servers bear its name")
        TWO_GUESTS = "two_guests", _("several unbound guests bear its name")
        NO_GUEST = "no_guest", _("no unbound guest bears its name")
        UNREACHABLE = "not_heard", _("a guest that does not answer now may bear its name")
        SIZE = "size", _("the guest has other cores or memory than were sold")
        FORMER_OWNER = "former_owner", _("the guest was another customer's")
        ANOTHERS = "anothers", _("the guest is another server's, seen through another entry of its cluster")
        NO_ANSWER = "no_answer", _("the guest could not be asked who it is")

    vps = models.OneToOneField(
        "vps.Vps", models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="why_unbound"
    )
    reason = models.CharField(_("why it is not bound"), max_length=20, choices=Reason.choices)
    guest = models.CharField(_("guest"), max_length=200, blank=True)
    since = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = WhyUnboundQuerySet.as_manager()

    class Meta:
        db_table = "why_unbound"

    def __str__(self) -> str:
        return str(self.sentence)

    @property
    def sentence(self) -> Sentence:
        label = self.get_reason_display()
        return f"{label} ({self.guest})" if self.guest else label
