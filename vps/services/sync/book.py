"""All that some words are about, read and locked, and what changes of it. `reading` makes one, `writing` keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vps.errors import VpsDeleted, VpsNotFound
from vps.models import Cluster, Event, Placement, Vps


@dataclass
class Book:
    """What is known: `owners` says which VPS an external_id means, `external_ids` the other way round; `claims` are ids
    that this transaction has taken, each for a VPS that is not made yet, and that mean nothing unless they are `kept`.
    `guests` says whose (cluster, vmid) is, the cluster being the first row that reaches it (`same`).
    """

    now: datetime
    new_ids: Iterator[int] = field(default_factory=lambda: iter(()))
    claims: dict[str, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    external_ids: dict[int, str] = field(default_factory=dict)
    vpses: dict[int, Vps] = field(default_factory=dict)
    stones: dict[int, dict[str, Any]] = field(default_factory=dict)
    users: set[int] = field(default_factory=set)
    newest: dict[int, datetime] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    places: dict[int, Placement] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)
    guests: dict[tuple[int, int], int] = field(default_factory=dict)

    # What is to be written, by the VPS's id.
    created: dict[int, Vps] = field(default_factory=dict)
    changed: dict[int, Vps] = field(default_factory=dict)
    deleted: dict[int, dict[str, Any]] = field(default_factory=dict)
    newer: dict[int, datetime] = field(default_factory=dict)
    placed: dict[int, Placement] = field(default_factory=dict)
    addressed: set[int] = field(default_factory=set)
    unplaced: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)

    def vps(self, id: int) -> Vps:
        """Raises VpsDeleted, VpsNotFound."""
        if found := self.vpses.get(id):
            return found
        if id in self.stones:
            raise VpsDeleted
        raise VpsNotFound(f"There is no VPS {id}.")

    def row(self, vps: Vps) -> dict[str, Any]:
        """As every answer of the sync API shows a VPS."""
        external_id = self.external_ids.get(vps.pk)
        return vps.columns() | ({"external_id": external_id} if external_id else {})

    def name(self, id: int, external_id: str | None) -> None:
        """From now on this external_id, which is claimed, means this VPS."""
        if external_id:
            self.owners[external_id] = id
            self.external_ids[id] = external_id
            self.kept.add(external_id)

    def guest_of(self, cluster_id: int, vmid: int) -> tuple[int, int]:
        """The same for every row that reaches this cluster."""
        return self.same.get(cluster_id, cluster_id), vmid

    def tell(self, type: str, vps: Vps, **data: Any) -> None:
        """An event, and its reader's open pages."""
        source = Event.Source.SYNC
        self.events.append(Event(type=type, vps_id=vps.pk, user_id=vps.user_id, source=source, data=data))
        self.told.append((vps.pk, vps.user_id))
