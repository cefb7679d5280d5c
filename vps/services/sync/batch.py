"""The rows that some sync commands are about, locked, and what changes of them: made by `read`, written by `write`."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vps.errors import VpsDeleted, VpsNotFound
from vps.models import Cluster, Placement, Suspension
from vps.models.event import Happened
from vps.models.vps import Row, blank
from web.statements import Found
from web.timestamps import rfc3339

# What all parts of a long batch know.
SHARED = (
    *("new_ids", "claimed_ids", "vps_id_by_external_id", "user_ids", "absent_ids", "made_before"),
    *("clusters", "first_row_of", "sightings"),
)


@dataclass
class Batch:
    """What is known, and then what is to be written. Of a VPS it has the row as every answer shows it, and no more.

    `claimed_ids` has the external ids that this transaction has claimed, each for the id of a VPS that is not made yet, as
    long as nobody was given them; those that somebody was given are in `given_external_ids`, with the same ids.
    `vps_id_by_guest` goes by `guest_of`, and `first_row_of` gives, to each row of a cluster, the first row that reaches the
    same cluster. Of a long batch this is a part: `absent_ids` are not there, though it names them, and what is in
    `made_before` a part before has made.
    """

    now: datetime = field(init=False)
    moment: str = field(init=False)
    new_ids: deque[int] = field(default_factory=deque)
    claimed_ids: dict[str, int] = field(default_factory=dict)
    vps_id_by_external_id: dict[str, int] = field(default_factory=dict)
    external_id_by_vps_id: dict[int, str] = field(default_factory=dict)
    vpses: dict[int, Row] = field(default_factory=dict)
    tombstones: dict[int, Row] = field(default_factory=dict)
    user_ids: set[int] = field(default_factory=set)
    last_sync_times: dict[int, datetime] = field(default_factory=dict)
    absent_ids: set[int] = field(default_factory=set)
    made_before: set[int] = field(default_factory=set)
    busy: set[int] = field(default_factory=set)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    found_placements: list[Placement] = field(default_factory=list)
    placements: dict[int, Placement] = field(default_factory=dict)
    suspensions: dict[int, Suspension] = field(default_factory=dict)
    first_row_of: dict[int, int] = field(default_factory=dict)
    vps_id_by_guest: dict[tuple[int, str], int] = field(default_factory=dict)

    # By cluster, what was last told of its guests; read where it is asked for.
    sightings: dict[int, dict[str, Any]] = field(default_factory=dict)

    # What is to be written, by the id of the VPS.
    created: dict[int, Row] = field(default_factory=dict)
    changed: dict[int, Row] = field(default_factory=dict)
    deleted: dict[int, Row] = field(default_factory=dict)
    new_sync_times: dict[int, datetime] = field(default_factory=dict)
    new_placements: dict[int, Placement] = field(default_factory=dict)
    addressed: set[int] = field(default_factory=set)
    unplaced: set[int] = field(default_factory=set)
    changed_suspensions: set[int] = field(default_factory=set)
    begun_suspensions: set[int] = field(default_factory=set)
    given_external_ids: dict[str, int] = field(default_factory=dict)
    events: list[Happened] = field(default_factory=list)

    # Who is rung after the commit: (VPS, owner) whose open pages look again, and placements whose guest is asked who it is.
    touched: list[tuple[int, int]] = field(default_factory=list)
    to_identify: list[int] = field(default_factory=list)

    def begin(self, now: datetime) -> None:
        """All that is done here is done at this moment."""
        self.now, self.moment = now, rfc3339(now)

    def following(self, *, deletes: bool) -> "Batch":
        """The next part of a long batch, once this one is written: of rows it knows none yet."""
        self.absent_ids.difference_update(self.created)
        if deletes:
            self.made_before.update(self.created)
        shared = {name: getattr(self, name) for name in SHARED}
        following = Batch(**shared)
        following.begin(self.now)
        return following

    def keep(self, vps: Row) -> None:
        self.vpses[vps["id"]] = vps

    def new(self, id: int, columns: dict[str, Any]) -> Row:
        return blank() | columns | {"id": id, "created_at": self.moment, "updated_at": self.moment}

    def vps(self, id: int) -> Row:
        """Raises VpsDeleted, VpsNotFound."""
        if found := self.vpses.get(id):
            return found
        if id in self.tombstones:
            raise VpsDeleted
        raise VpsNotFound(f"There is no VPS {id}.")

    def row(self, vps: Row) -> Row:
        """As every answer of the sync API shows a VPS, as it is now."""
        external_id = self.external_id_by_vps_id.get(vps["id"])
        return vps | {"external_id": external_id} if external_id else vps.copy()

    def change(self, vps: Row, name: str, value: object) -> None:
        vps[name], vps["updated_at"] = value, self.moment
        self.changed[vps["id"]] = vps

    def give_external_id(self, id: int, external_id: str | None) -> None:
        """From now on this external id, which is claimed, means this VPS."""
        if external_id:
            self.vps_id_by_external_id[external_id] = id
            self.external_id_by_vps_id[id] = external_id
            self.given_external_ids[external_id] = self.claimed_ids.pop(external_id)

    def guest_of(self, cluster_id: int, key: str) -> tuple[int, str]:
        """The same for every row that reaches this cluster."""
        return self.first_row_of.get(cluster_id, cluster_id), key

    def add_event(self, type: str, vps: Row, **data: Any) -> None:
        """The open pages of the VPS's owner look again, too."""
        self.events.append((type, vps["id"], vps["user_id"], data))
        self.touch(vps)

    def identify(self, placed: Found) -> None:
        """The placements that were just written, before those that are asked again."""
        self.to_identify = [id for (id,) in placed] + self.to_identify

    def touch(self, vps: Row) -> None:
        self.touched.append((vps["id"], vps["user_id"]))
