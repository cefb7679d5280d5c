"""What has to be claimed, locked and read for some sync commands, known before any of them is applied. For services.sync.read.

Endpoints that keep no command of a long batch gather it, too, as they read the batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vps.services.sync.commands import SyncCommand


@dataclass(slots=True)
class Needs:
    """`giving` are the external ids that a VPS may be given: a new one, or one that an update names by its id. `named` are
    those that only say which VPS is meant, and may be among `giving` too.

    `unnamed` is how many ids new VPSs need that have no external id. `guests` are the keys of guests that are named.
    """

    giving: dict[str, None] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    unnamed: int = 0
    ids: set[int] = field(default_factory=set)
    user_ids: set[int] = field(default_factory=set)
    guests: set[str] = field(default_factory=set)
    has_times: bool = False
    has_statuses: bool = False
    has_deletions: bool = False

    @classmethod
    def of(cls, commands: Iterable[SyncCommand]) -> "Needs":
        needs = cls()
        for command in commands:
            needs.add(command)
        return needs

    def add(self, command: SyncCommand) -> None:
        self.add_names(command)
        if command.placement:
            self.guests.add(command.placement.ref.key)
        if command.occurred_at:
            self.has_times = True
        columns = command.columns
        if "user_id" in columns:
            self.user_ids.add(columns["user_id"])
        if command.suspension or "status" in columns:
            self.has_statuses = True

    def spend(self) -> None:
        """All is claimed and locked. What is forgotten here is megabytes of a long batch."""
        for names in (self.giving, self.named, self.ids, self.user_ids, self.guests):
            names.clear()

    def add_names(self, command: SyncCommand) -> None:
        action, external_id = command.action, command.external_id
        if command.id:
            self.ids.add(command.id)
        if not external_id:
            self.unnamed += action == "create"
        elif action == "create" or (action == "update" and command.id):
            self.giving[external_id] = None
        else:
            self.named.add(external_id)
        if action == "delete":
            self.has_deletions = True
