"""Which drivers there are, and when they are loaded."""

import subprocess
import sys
from pkgutil import resolve_name

import pytest

from vps.guests import Kind
from vps.hypervisor import DRIVERS, traits_of

HEAVY = "{'proxmoxer', 'requests', 'vps.hypervisor.proxmox'}"
NOWHERE = "h.Access((), '', '')"
LOADED = f"import sys, vps.hypervisor as h; print(sorted(set(sys.modules) & {HEAVY}))"


def loaded(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_drivers_are_imported_when_they_are_connected_to() -> None:
    assert loaded(LOADED) == "[]"
    assert "proxmoxer" in loaded(LOADED.replace("print", f"h.connect('proxmox', {NOWHERE}); print"))


def test_traits_of_are_read_without_the_driver() -> None:
    """Whoever shows a button asks for them."""
    assert "proxmoxer" not in loaded(LOADED.replace("print", "h.traits_of('proxmox'); print"))


@pytest.mark.parametrize("name", DRIVERS)
def test_traits_of_are_the_driver_s_own_and_say_what_it_can_do_with_each_kind(name: str) -> None:
    traits = traits_of(name)
    assert resolve_name(DRIVERS[name]).traits is traits
    assert set(traits.commands) == set(Kind)
    assert all(traits.commands[kind] for kind in Kind)
