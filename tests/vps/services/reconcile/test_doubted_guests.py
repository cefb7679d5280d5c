"""A guest that breaks with what was seen of it, or was not asked for long, has to say who it is."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for
from tests.vps.services.conftest import OTHER, usurp
from vps.models import Cluster, Event, Placement, Vps
from vps.services import binding, metrics
from vps.services.reconcile import reconcile


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"name": "another"}, "qemu"),
        ({"cores": 8}, "qemu"),
        ({"memory_mb": 16384}, "qemu"),
        ({"disk_gb": 200}, "qemu"),
        ({"started_at": 1e9}, "qemu"),
        ({}, "lxc"),
    ],
)
def test_reconcile_finds_out_another_guest_under_the_key_within_a_round(
    known: Vps, simulated: Simulated, real_cluster: Cluster, facts: dict[str, Any], kind: str
) -> None:
    """By name, size, uptime or kind; and nothing of it is shown."""
    metrics.fetch_history(known.pk, "hour")
    assert metrics.usage(known)
    usurp(simulated, kind=kind, **{"started_at": simulated.guest(100)["started_at"]} | facts)
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert Event.objects.filter(type="vps.mistaken").count() == 1
    assert (known.placement.identity_mismatch != "", known.shown.word) == (True, "unknown")
    assert metrics.usage(known) is None
    assert metrics.history(known, "hour") == metrics.UNAVAILABLE


def test_reconcile_shows_a_doubted_guest_as_unknown_until_it_is_identified(
    known: Vps, simulated: Simulated, real_cluster: Cluster, as_user: Any, alice: Any
) -> None:
    """And is asked again in each round; that it was renamed is no harm then."""
    simulated.change(100, name="renamed")
    simulated.answer("GET", "/nodes/pve1/qemu/100/config", 500, "can't read it just now")
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert (known.shown.word, metrics.usage(known), known.status) == ("unknown", None, "running")
    assert metrics.history(known, "hour") == metrics.UNAVAILABLE
    assert "Unknown" in as_user(alice).get(f"/vps/{known.pk}/").content.decode()
    reconcile(real_cluster.pk)
    simulated.answer_truly()
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert (known.shown.word, metrics.usage(known) is not None) == ("running", True)
    assert not Event.objects.filter(type="vps.mistaken").exists()


def test_reconcile_doubts_no_guest_that_we_have_booted(
    known: Vps, simulated: Simulated, real_cluster: Cluster, do: Any, quick_pauses: None
) -> None:
    """And costs no call beside the list's, once the list has its new start too."""
    simulated.change(100, start_seconds=0.1, shutdown_seconds=0.1)
    do(known, "reboot")
    wait_for(lambda: time.time() - simulated.guest(100)["started_at"] > 1.5)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert "GET /nodes/{node}/{kind}/{vmid}/config" not in simulated.load()["by_path"]


def test_reconcile_identifies_every_guest_within_the_hour_and_few_a_round(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """The one that has not been asked for longest comes first."""
    for vmid in range(100, 110):
        binding.identify(server(vmid=vmid, power="running").placement.pk)
    reconcile(real_cluster.pk)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 1}
    Placement.objects.update(identified_at=timezone.now() - timedelta(minutes=40))
    Placement.objects.filter(vmid=107).update(identified_at=timezone.now() - timedelta(minutes=50))
    simulated.change(107, uuid=OTHER)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"]["GET /nodes/{node}/{kind}/{vmid}/config"] == 5
    assert Placement.objects.get(vmid=107).identity_mismatch == OTHER
    reconcile(real_cluster.pk)
    assert not Placement.objects.filter(
        identified_at__lt=timezone.now() - timedelta(minutes=30), identity_mismatch=""
    ).exists()
