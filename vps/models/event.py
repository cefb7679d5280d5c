"""What happened: append-only, written in the transaction of the change, with who and from where.

Ids are given out before they are committed, so whoever reads "all above my last id" may skip one that commits late for
ever. Readers go by `position` instead, which `assign_positions` gives to what is committed, one caller at a time.

`user` is who owned the VPS then. After a transfer, the transfer itself and what follows are the new owner's; what was
before stays the old one's, as do the events of a VPS that is deleted.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from vps import notify
from vps.db.locks import ASSIGNING_POSITIONS, lock_until_commit
from vps.errors import CursorFromTheFuture
from vps.models.history import link_that_outlives
from web.rows import insertion
from web.statements import Found, Statement, run

# By ids: of one VPS, whose row is locked by whoever writes of it, the lower id has happened before.
# Where the statistics hold the table for empty, PostgreSQL joins by comparing each with each: the fresh ones are
# numbered once for all that, and are few enough for it.
ASSIGN_POSITIONS = """
    WITH fresh AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS number
        FROM (SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT %s) AS unpositioned
    )
    UPDATE events SET position = last.position + fresh.number
    FROM fresh, (SELECT coalesce(max(position), 0) AS position FROM events) AS last
    WHERE events.id = fresh.id
"""
AT_ONCE = 1000
# What is said of an event by whoever records it.
WRITTEN = ("type", "vps_id", "user_id", "operation_id", "by_id", "source", "data")
# Of which type, of which VPS and owner, and its data.
Happened = tuple[str, int, int, dict[str, Any]]
NEXT_OF_EACH = """
    SELECT reader.number, found.id
    FROM unnest(%s::int[], %s::bigint[]) WITH ORDINALITY AS reader (user_id, after, number)
    CROSS JOIN LATERAL (
        SELECT id, position FROM events
        WHERE events.user_id = reader.user_id AND events.position > reader.after
        ORDER BY position LIMIT %s
    ) AS found
    ORDER BY reader.number, found.position
"""
# What of the changes of a VPS its owner is told in its activity.
NAMED_CHANGES = ("cpu", "disk", "ip_address", "name", "os", "ram", "suspension", "user_id")


def is_read_only() -> bool:
    """A standby, or a database in a failover."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone()[0] == "on")


def complete(events: "list[Event]", found: Found) -> None:
    for event, (id, created_at) in zip(events, found, strict=True):
        event.pk, event.created_at = id, created_at


class EventQuerySet(models.QuerySet["Event"]):
    def record(
        self, type: str, vps: Any, *, by: Any = None, source: str, operation: Any = None, **data: Any
    ) -> "Event":
        """To be called inside the transaction of the change. It rings by itself, as `record_all` does."""
        event = Event(
            type=type,
            vps_id=vps and vps.pk,
            user_id=vps and vps.user_id,
            by=by,
            source=source,
            operation=operation,
            data=data,
        )
        self.record_all([event])
        return event

    def record_all(self, events: Iterable["Event"]) -> None:
        """Write these, in their order, and ring once for all of them after the commit: for the feed, and the open pages of
        whoever owns a VPS that they are of."""
        written = list(events)
        if written:
            rows = [[getattr(event, name) for name in WRITTEN] for event in written]
            run([insertion(Event, WRITTEN, rows).returning("id, created_at", partial(complete, written))])
            notify.events((event.vps_id, event.user_id) for event in written)

    def recording(self, happened: "list[Happened]", source: str) -> Statement:
        """As `record_all`, without an Event for each."""
        notify.events((vps_id, user_id) for _, vps_id, user_id, _ in happened)
        return insertion(Event, ("type", "vps_id", "user_id", "data"), happened, source=source)

    def assign_positions(self) -> None:
        """Give all events that are committed their positions in the feed, after those that have one.

        All, and not a part: a reader who takes the feed for all there is would miss the rest, or take it for new later.
        """
        while self.assign_some() == AT_ONCE:
            pass

    def assign_some(self) -> int:
        """Returns how many were new. Where none is, nobody waits for anybody: one look into an index that is empty then.

        A database that takes no writes is read as it is: events that have a position can be shown.
        """
        if not self.model.objects.filter(position=None).exists() or is_read_only():
            return 0
        with transaction.atomic():
            lock_until_commit(ASSIGNING_POSITIONS)
            with connection.cursor() as cursor:
                cursor.execute(ASSIGN_POSITIONS, [AT_ONCE])
                return int(cursor.rowcount)

    def feed(self, after: int = 0) -> "EventQuerySet":
        """Events that have a position, in its order: nothing will ever come before the last of them that is not there now."""
        return self.filter(position__gt=after).order_by("position")

    def visible_to(self, user: Any) -> "EventQuerySet":
        """What happened to the servers of this user while they were theirs. Staff, too, see only their own here."""
        return self.filter(user=user)

    def read(self, after: int, at_most: int) -> "list[Event]":
        """The next of the feed, of all that is committed now, each with who did it."""
        self.assign_positions()
        return list(self.feed(after).select_related("by")[:at_most])

    def next_of_each(self, readers: "list[tuple[int, int]]", at_most: int) -> "list[list[Event]]":
        """Of each reader, given as (user_id, after), the next of their part of the feed. Two statements, however many read."""
        users, afters = [user for user, _ in readers], [after for _, after in readers]
        with connection.cursor() as cursor:
            cursor.execute(NEXT_OF_EACH, [users, afters, at_most])
            found = cursor.fetchall()
        events = self.select_related("by").in_bulk({id for _, id in found}) if found else {}
        pages: list[list[Event]] = [[] for _ in readers]
        for number, id in found:
            pages[number - 1].append(events[id])
        return pages

    def activity_of(self, vps: Any) -> "EventQuerySet":
        """What the owner reads of this VPS, since it is theirs, the newest first: each operation once, as it was asked for.

        How that ended is read of the operation, so its other events are left out.
        """
        type, mine = Event.Type, self.visible_to(vps.user_id).filter(vps_id=vps.pk)
        is_change = models.Q(type=type.VPS_UPDATED, data__changed__has_any_keys=NAMED_CHANGES)
        is_others = models.Q(type=type.VPS_STATUS_CHANGED, operation=None)
        shown = models.Q(type__in=Event.IN_ACTIVITY) | is_change | is_others
        return mine.filter(shown).select_related("operation", "by").order_by("-id")

    def unbound_by_hand(self, vps_ids: "list[int]") -> "models.QuerySet[Event, int]":
        """Those of these VPSs that somebody has unbound: these are theirs to bind."""
        by_hand = self.filter(vps__in=vps_ids, type=Event.Type.VPS_UNBOUND, by__isnull=False)
        return by_hand.values_list("vps_id", flat=True).distinct()

    def end(self) -> int:
        """The position of the last event of the feed, whoever's it is; 0 of an empty feed."""
        return int(self.model.objects.aggregate(end=models.Max("position"))["end"] or 0)

    def refuse_future(self, after: int) -> None:
        """Nobody has ever read an event beyond the end, unless of a panel that was restored from an older copy.

        Raises CursorFromTheFuture.
        """
        if after > (end := self.end()):
            raise CursorFromTheFuture(extra={"last": end})

    def code_of_status(self, vps: Any) -> str:
        """With what code the panel moved this VPS to its status, or '' where it gave none or the main site's word it is."""
        return self.codes_of_status([vps.pk]).get(vps.pk, "")

    def codes_of_status(self, vps_ids: "list[int]") -> dict[int, str]:
        """By their ids, of those of which there is one."""
        if not vps_ids:
            return {}
        updated = models.Q(type=Event.Type.VPS_UPDATED, data__changed__contains="status")
        of_status = self.filter(updated | models.Q(type=Event.Type.VPS_STATUS_CHANGED), vps_id__in=vps_ids)
        last = of_status.order_by("vps_id", "-id").distinct("vps_id").values_list("vps_id", "data")
        return {id: str(data["code"]) for id, data in last if data.get("code")}

    def owned_since(self, vps: Any) -> datetime | None:
        """When this VPS came to its owner from another one, or None where it was theirs all along."""
        moved = self.filter(vps_id=vps.pk, type=Event.Type.VPS_UPDATED, data__changed__contains="user_id")
        last = moved.order_by("-id").first()
        return last.created_at if last else None

    def record_status(self, vpses: Iterable[Any], status: str, operation: Any = None, **data: Any) -> None:
        """That these, which were known to be otherwise, are `status` now."""
        source, type = Event.Source.SYSTEM, Event.Type.VPS_STATUS_CHANGED
        events = [
            Event(
                type=type,
                vps_id=vps.pk,
                user_id=vps.user_id,
                source=source,
                operation=operation,
                data={"was": vps.status, "status": status} | data,
            )
            for vps in vpses
        ]
        self.record_all(events)


class Event(models.Model):
    class Type(models.TextChoices):
        VPS_CREATED = "vps.created", _("server created")
        VPS_UPDATED = "vps.updated", _("server changed")
        VPS_DELETED = "vps.deleted", _("server deleted")
        VPS_BOUND = "vps.bound", _("server bound to a guest")
        VPS_UNBOUND = "vps.unbound", _("server unbound")
        VPS_STATUS_CHANGED = "vps.status_changed", _("power seen to change")
        VPS_MISSING = "vps.missing", _("guest gone from its cluster")
        VPS_IDENTITY_MISMATCH = "vps.mistaken", _("another guest found in its place")
        VPS_FOUND = "vps.found", _("guest seen again")
        OPERATION_QUEUED = "operation.queued", _("operation queued")
        OPERATION_SUCCEEDED = "operation.succeeded", _("operation succeeded")
        OPERATION_FAILED = "operation.failed", _("operation failed")

    IN_ACTIVITY = (
        Type.VPS_CREATED,
        Type.VPS_BOUND,
        Type.VPS_UNBOUND,
        Type.VPS_MISSING,
        Type.VPS_IDENTITY_MISMATCH,
        Type.VPS_FOUND,
        Type.OPERATION_QUEUED,
    )

    class Source(models.TextChoices):
        SYNC = "sync", _("main site")
        PAGE = "page", _("page")
        API = "api", _("API")
        ADMIN = "admin", _("admin")
        SYSTEM = "system", _("panel")

    type = models.CharField(_("type"), max_length=40, choices=Type.choices)
    vps = link_that_outlives("vps.Vps", "events", db_index=False, verbose_name=_("server"))
    user = link_that_outlives(settings.AUTH_USER_MODEL, "+", db_index=False, verbose_name=_("owner"))
    operation = link_that_outlives("vps.Operation", "events", verbose_name=_("operation"))
    by = link_that_outlives(settings.AUTH_USER_MODEL, "+", verbose_name=_("by"))
    source = models.CharField(_("from"), max_length=10, choices=Source.choices)
    data = models.JSONField(_("data"), default=dict)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    position = models.BigIntegerField(_("place in the feed"), null=True, editable=False)

    objects: ClassVar[Any] = EventQuerySet.as_manager()

    class Meta:
        db_table = "events"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "id"], name="events_of_a_user_in_order"),
            models.Index(fields=["user", "position"], name="feed_of_a_user"),
            models.Index(fields=["vps", "-id"], name="events_of_a_vps_newest"),
            models.Index(fields=["id"], condition=models.Q(position__isnull=True), name="events_not_settled"),
            models.Index(fields=["type", "position"], name="feed_of_a_type"),
            models.Index(
                fields=["source", "position"],
                condition=models.Q(source__in=["page", "api", "admin"]),
                name="events_that_people_made",
            ),
            BrinIndex(fields=["created_at"], autosummarize=True, name="events_by_time"),
        ]
        constraints = [models.UniqueConstraint(fields=["position"], name="a_place_in_the_feed_is_taken_once")]

    def __str__(self) -> str:
        return f"{self.type} #{self.pk}"
