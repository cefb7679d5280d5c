"""The same cluster under a second name, and why a server was not bound: for the tests beside it."""

import pytest

from tests.simulated import Cluster as Simulated
from tests.vps.conftest import registered
from vps.models import Cluster, Vps, WhyUnbound


@pytest.fixture
def twin(known: Vps, simulated: Simulated) -> Cluster:
    """The same cluster, registered again under another name, and by hosts and a CA that do not tell."""
    cluster = registered(simulated.access(), "twin")
    Cluster.objects.filter(pk=cluster.pk).update(hosts=[f"localhost:{simulated.simulator.tls.rpartition(':')[2]}"])
    return Cluster.objects.get(pk=cluster.pk)


def why(vps: Vps) -> str:
    return str(WhyUnbound.objects.get(vps=vps).reason)
