"""The driver, connected to a simulated cluster over real TLS. No database, no Django."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulated import Cluster, simulated
from tests.vps.hypervisor.proxmox.stranger import stranger
from vps.hypervisor import Hypervisor, connect

__all__ = ["simulated", "stranger"]


@pytest.fixture
def driver(simulated: Cluster) -> Callable[..., Hypervisor]:
    return lambda **changes: connect("proxmox", simulated.access(**changes))


@pytest.fixture(autouse=True)
def quick_and_clean() -> Any:
    """In place of the other tests' one, which cleans up in Redis."""
