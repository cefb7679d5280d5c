"""Which drivers there are, and when they are loaded."""

import subprocess
import sys

from vps.hypervisor import DRIVERS, traits_of

HEAVY = "{'proxmoxer', 'requests', 'vps.hypervisor.proxmox'}"
LOADED = f"import sys, vps.hypervisor as h; print(sorted(set(sys.modules) & {HEAVY}))"


def loaded(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_drivers_are_imported_when_they_are_connected_to() -> None:
    assert loaded(LOADED) == "[]"
    assert "proxmoxer" in loaded(LOADED.replace("print", "h.traits_of('proxmox'); print"))


def test_drivers_all_have_traits_of_their_hypervisor() -> None:
    assert all(traits_of(name).at_once >= 1 for name in DRIVERS)
