"""Which drivers there are, and when they are loaded."""

import subprocess
import sys

from vps.hypervisor import DRIVERS, traits_of

HEAVY = "{'proxmoxer', 'requests', 'vps.hypervisor.proxmox'}"
LOADED = f"import sys, vps.hypervisor as h; print(sorted(set(sys.modules) & {HEAVY}))"


def loaded(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_a_driver_is_imported_when_it_is_connected_to() -> None:
    assert loaded(LOADED) == "[]"
    assert "proxmoxer" in loaded(LOADED.replace("print", "h.traits_of('proxmox'); print"))


def test_every_driver_says_what_is_so_of_its_hypervisor() -> None:
    assert all(traits_of(name).at_once >= 1 for name in DRIVERS)
