"""Guests that the cluster's list says `unknown` of while their node answers: they are asked themselves (B3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.verbs import call_of, power_before
from tests.vps.conftest import bells, carry_out
from vps import operations
from vps.models import Cluster, Placement, Vps
from vps.operations.verbs import VERBS
from vps.services import binding
from vps.services.reconcile import reconcile

KINDS = ["qemu", "lxc"]


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", VERBS)
def test_operations_ask_an_unreported_guest_itself_and_go_on(
    server: Any, simulated: Simulated, real_cluster: Cluster, with_token: Any, alice: Any, kind: str, verb: str
) -> None:
    """B3: for as long as the list says so: round after round, and through the API."""
    vps = server(kind, power=power_before(verb), unreported=True)
    binding.identify(vps.placement.pk)
    Placement.objects.update(looked_at=timezone.now() - timedelta(minutes=6))
    for _ in range(3):
        reconcile(real_cluster.pk)
    path, body = call_of(verb)
    answer = with_token(alice).post(f"/api/vps/{vps.pk}/{path}", body, content_type="application/json")
    assert answer.status_code == 202, answer.content
    assert carry_out(vps.operations.get()).state == "succeeded"
    reconcile(real_cluster.pk)
    assert operations.refusal(Vps.objects.get()) is None


@pytest.mark.parametrize("power_now", ["running", "stopped"])
def test_reconcile_shows_what_its_node_says_of_an_unreported_guest(
    server: Any, simulated: Simulated, real_cluster: Cluster, power_now: str
) -> None:
    """B3: its node's list has its power."""
    vps = server(power=power_now, unreported=True)
    Placement.objects.update(power="unknown", identity="aaaaaaaa-0000-0000-0000-000000000100")
    reconcile(real_cluster.pk)
    assert Vps.objects.get(pk=vps.pk).shown.word == power_now


def test_reconcile_asks_a_node_twice_for_however_many_unreported_guests(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """B3: for its virtual machines and for its containers."""
    for vmid in range(100, 130):
        server("qemu" if vmid % 2 else "lxc", power="running", vmid=vmid, unreported=True)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"]["GET /nodes/{node}/{kind}"] == 2
    assert "GET /nodes/{node}/{kind}/{vmid}/status/current" not in simulated.load()["by_path"]


@pytest.mark.parametrize("trouble", ["down", "silent"])
def test_reconcile_shows_an_unreported_guest_as_unknown_whose_node_does_not_answer(
    server: Any, simulated: Simulated, real_cluster: Cluster, trouble: str
) -> None:
    """B3: and changes nothing of its status."""
    vps = server(power="running", unreported=True)
    Placement.objects.update(identity="aaaaaaaa-0000-0000-0000-000000000100")
    if trouble == "down":
        simulated.call("PATCH", "nodes/pve1", {"up": False})
    else:
        simulated.answer("", "/nodes/pve1/.*", 596, "Connection timed out")
    simulated.forget_load()
    reconcile(real_cluster.pk)
    asked = [path for path in simulated.load()["by_path"] if "/nodes/{node}/{kind}" in path]
    assert bool(asked) == (trouble == "silent"), "what the list calls lost is not asked in vain"
    vps = Vps.objects.get(pk=vps.pk)
    assert (vps.shown.word, vps.status) == ("unknown", "running")
    assert operations.refusal(vps).code == "hypervisor_unavailable"


def test_reconcile_finds_an_unreported_guest_again_that_comes_back(
    server: Any, simulated: Simulated, real_cluster: Cluster, django_capture_on_commit_callbacks: Any
) -> None:
    """B3: it was gone for a while, and the list has no more to say of it than where it is: its node has."""
    vps = server(power="running", unreported=True)
    binding.identify(vps.placement.pk)
    Placement.objects.update(missing_since=timezone.now(), power="unknown", looked_at=None)
    bells()
    with django_capture_on_commit_callbacks(execute=True):
        reconcile(real_cluster.pk)
    assert ("vps.identify", vps.placement.pk) in bells()
    binding.identify(vps.placement.pk)
    assert operations.refusal(Vps.objects.get()) is None
    assert Vps.objects.get().shown.word == "running"


def test_reconcile_identifies_an_unreported_guest_that_is_in_doubt(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """B3: by what its node says, as it does a guest that is reported."""
    vps = server(power="running", unreported=True)
    binding.identify(vps.placement.pk)
    Placement.objects.update(doubted_since=timezone.now(), looked_at=None)
    reconcile(real_cluster.pk)
    assert Vps.objects.get().shown.word == "running"


def test_reconcile_does_not_show_a_paused_unreported_guest_as_running(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """B3: its node's list calls it running; only its own status tells."""
    vps = server(power="paused", unreported=True)
    binding.identify(vps.placement.pk)
    Placement.objects.update(looked_at=None)
    for _ in range(2):
        reconcile(real_cluster.pk)
    assert Vps.objects.get().shown.word == "paused"
