"""Alice's server whose guest is known, and another guest in its place: for the tests beside it."""

from typing import Any

import pytest

from tests.simulated import Cluster as Simulated
from vps.models import Cluster, Vps
from vps.services import binding, sync
from vps.services.reconcile import reconcile

OTHER = "bbbbbbbb-0000-0000-0000-000000000000"
# As `make_vps` sells them.
SOLD = {"cores": 2, "memory_mb": 2048}


@pytest.fixture
def known(server: Any) -> Vps:
    """Alice's running server, whose guest has been identified, seen and measured."""
    vps: Vps = server(power="running", name="shop", **SOLD)
    binding.identify(vps.placement.pk)
    cluster = Cluster.objects.get()
    reconcile(cluster.pk)
    return Vps.objects.get(pk=vps.pk)


def delete(vps: Vps) -> None:
    sync.apply_one(sync.SyncCommand("delete", id=vps.pk))


def usurp(simulated: Simulated, **facts: Any) -> None:
    simulated.call("DELETE", "guests/100")
    simulated.add(**{"power": "running", "name": "shop", "uuid": OTHER, "mac": "BC:24:11:00:EE:EE"} | SOLD | facts)
