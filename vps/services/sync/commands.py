"""One sync command, and what became of it: the shapes between the endpoints and services.sync.

Both are tuples, which are made by the ten thousand; nobody writes into what is in them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from vps.guests import GuestRef
from web.errors import PanelError


@dataclass(frozen=True, slots=True)
class PlacementSpec:
    """Where the main site says the machine is. `replaced`: it is a new one in the place of the one that was there."""

    cluster: str
    ref: GuestRef
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class SuspensionSpec:
    """What the main site says of why a VPS is suspended. Without a `reason` it takes back what it has said.

    `field` is the key of the body that it stood under.
    """

    reason: str = ""
    message: str = ""
    pay_url: str = ""
    power: str = "keep"
    field: str = "suspension"


class SyncCommand(NamedTuple):
    """`action` is create, update or delete; `columns` are the table's, checked, without the id.

    update and delete name their VPS by `id`, `external_id` or both.
    """

    action: str
    columns: dict[str, Any] = {}
    id: int | None = None
    external_id: str | None = None
    placement: PlacementSpec | None = None
    occurred_at: datetime | None = None
    suspension: SuspensionSpec | None = None


class Result(NamedTuple):
    """`row` is every column of the VPS as it is now, or was when it was deleted, and its `external_id` where it has one.

    `changes` are the columns that were written, and the `suspension`, each as (was, is); `warnings` are sentences for
    the main site.
    """

    row: dict[str, Any]
    is_new: bool = False
    is_deletion: bool = False
    was_deleted: bool = False
    is_moved: bool = False
    is_applied: bool = True
    changes: dict[str, tuple[Any, Any]] = {}
    warnings: tuple[str, ...] = ()


Outcome = Result | PanelError
