"""The driver, connected to a simulated cluster over real TLS. No database, no Django."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulated import Cluster, simulated
from tests.vps.hypervisor.proxmox.impostor import impostor
from vps.hypervisor import Hypervisor, connect

__all__ = ["impostor", "simulated"]


@pytest.fixture
def driver(simulated: Cluster) -> Callable[..., Hypervisor]:
    return lambda **changes: connect("proxmox", simulated.access(**changes))


@pytest.fixture(autouse=True)
def quick_and_clean() -> Any:
    """In place of the other tests' one, which cleans up in Redis."""
