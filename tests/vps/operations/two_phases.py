"""Drivers that do in several commands what Proxmox VE does in one, on the same cluster: for test_phases."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from vps.guests import GuestRef, Kind
from vps.hypervisor.base import Command, FoundTask, Hypervisor, Look, Phase, Power, TaskResult
from vps.hypervisor.proxmox.driver import ListedProxmox, Proxmox

START = Phase(Command.START, Power.RUNNING)
CUT = Phase(Command.FORCE_STOP, Power.STOPPED)
SHUT_DOWN = Phase(Command.STOP, Power.STOPPED)
# It is given so little time that the next phase always begins before it has done its part.
IMPATIENT = replace(SHUT_DOWN, within_s=0.0, or_next=True)


class TwoPhases(Proxmox):
    """A reboot is a shutdown and a start, a hard restart a cut and a start; a stop does not wait for the guest."""

    recipes = {
        Command.REBOOT: (SHUT_DOWN, START),
        Command.RESTART: (CUT, START),
        Command.STOP: (IMPATIENT, CUT),
    }

    def recipe(self, kind: Kind, command: Command) -> tuple[Phase, ...]:
        return self.recipes.get(command) or super().recipe(kind, command)

    def is_new_run(self, command: Command, look: Look, since_s: float) -> bool | None:
        return super().is_new_run(Command.START, look, since_s)

    def listed(self, node: str, since: datetime) -> Hypervisor:
        return ListedTwoPhases(self, node, since)


class ListedTwoPhases(TwoPhases, ListedProxmox):
    """The same, from a node's lists."""


class WithoutLog(TwoPhases):
    """A hypervisor that gives no handles, and keeps no log of what it was told."""

    traits = replace(Proxmox.traits, has_log=False)

    def listed(self, node: str, since: datetime) -> Hypervisor:
        return self

    def send(self, *args: Any, **options: Any) -> str:
        super().send(*args, **options)
        return ""

    def sent_since(self, ref: GuestRef, command: Command, since: datetime) -> list[FoundTask]:
        raise AssertionError("there is no log")

    def task(self, handle: str) -> TaskResult:
        raise AssertionError("there is no log")

    def abort(self, handle: str) -> None:
        raise AssertionError("there is no log")


class Stubborn(TwoPhases):
    """A guest that does not shut down in time is left as it is."""

    recipes = {Command.REBOOT: (replace(SHUT_DOWN, within_s=0.0), START)}

    def listed(self, node: str, since: datetime) -> Hypervisor:
        return self
