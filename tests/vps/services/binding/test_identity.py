"""Who it is that answers to a key: another guest is not touched and not shown; one that moved is followed."""

from typing import Any

import pytest

from tests.simulated import Cluster as Simulated
from tests.verbs import power_before
from tests.vps.conftest import advance_once, bells, carry_out
from vps import operations
from vps.guests import GuestRef, Kind
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.operations.verbs import VERBS
from vps.services import addresses, binding, metrics, sync
from vps.services.reconcile import reconcile

OTHER = "bbbbbbbb-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


@pytest.fixture
def known(server: Any) -> Vps:
    """A running server whose guest has been identified."""
    vps: Vps = server(power="running", agent=True, ips=["192.0.2.5"])
    binding.identify(vps.placement.pk)
    return Vps.objects.get(pk=vps.pk)


def usurped(simulated: Simulated, **facts: Any) -> None:
    """The guest was destroyed, and its key given to another."""
    simulated.call("DELETE", "guests/100")
    simulated.add(**{"power": "running", "agent": True, "ips": ["192.0.2.66"]} | facts)


def mismatches() -> list[Event]:
    return list(Event.objects.filter(type="vps.mistaken"))


@pytest.mark.parametrize(
    ("kind", "facts", "who"),
    [
        *((verb, {"uuid": OTHER}, OTHER) for verb in VERBS),
        ("reboot", {"kind": "lxc"}, "bc:24:11:00:00:64"),
        ("stop", {"uuid": "", "mac": ""}, "?"),
    ],
)
def test_operations_send_nothing_to_another_guest_and_record_its_identity_mismatch_once(
    known: Vps, simulated: Simulated, do: Any, kind: str, facts: dict[str, Any], who: str
) -> None:
    usurped(simulated, **facts)
    operation = do(known, kind)
    assert (operation.state, operation.error_code) == ("failed", "identity_mismatch")
    assert simulated.commands(100) == []
    placement = Placement.objects.get()
    assert (placement.identity_mismatch, placement.missing_since is not None, placement.power) == (who, True, "unknown")
    binding.identify(placement.pk)
    assert [event.vps_id for event in mismatches()] == [known.pk]


@pytest.fixture
def usurper(known: Vps, simulated: Simulated, do: Any) -> Vps:
    """Another guest was found in the place of this server."""
    usurped(simulated, uuid=OTHER, power="stopped")
    do(known, "reboot")
    simulated.change(100, power="running")
    return Vps.objects.get(pk=known.pk)


def test_operations_are_refused_while_there_is_an_identity_mismatch(
    usurper: Vps, as_user: Any, with_token: Any, alice: Any
) -> None:
    answer = with_token(alice).post(f"/api/vps/{usurper.pk}/stop", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_mismatch")
    answer = as_user(alice).post(f"/vps/{usurper.pk}/power/stop/", follow=True)
    assert "Another machine was found in this server" in answer.content.decode()
    assert "disabled" in as_user(alice).get(f"/vps/{usurper.pk}/status/").content.decode()
    assert not Operation.objects.open().exists()


def test_reconcile_shows_nothing_of_another_guest_as_this_servers(usurper: Vps, real_cluster: Cluster) -> None:
    before = Vps.objects.values().get()
    for _ in range(2):
        reconcile(real_cluster.pk)
        binding.identify(usurper.placement.pk)
    assert addresses.find_addresses() == 0
    usurper = Vps.objects.get()
    assert Vps.objects.values().get() == before
    assert (usurper.shown.word, usurper.placement.power, usurper.placement.identity_mismatch) == (
        "unknown",
        "unknown",
        OTHER,
    )
    assert metrics.usage(usurper) is None
    metrics.fetch_history(usurper.pk, "hour")
    assert metrics.history(usurper, "hour")["state"] == "unavailable"
    assert not Event.objects.filter(type="vps.found").exists()
    assert len(mismatches()) == 1


def test_usage_shows_nothing_that_was_measured_of_another_guest_before_it_was_recognised(
    known: Vps, simulated: Simulated, real_cluster: Cluster, do: Any
) -> None:
    usurped(simulated, uuid=OTHER)
    reconcile(real_cluster.pk)
    metrics.fetch_history(known.pk, "hour")
    assert metrics.usage(known)
    do(known, "reboot")
    known = Vps.objects.get()
    assert metrics.usage(known) is None
    assert metrics.history(known, "hour")["points"] == []


def test_find_addresses_learns_nothing_from_another_guest(known: Vps, simulated: Simulated) -> None:
    usurped(simulated, uuid=OTHER)
    assert addresses.find_addresses() == 0
    assert Vps.objects.get().ip_address is None


def test_identify_ends_an_identity_mismatch_when_the_servers_own_guest_is_back(
    usurper: Vps, simulated: Simulated, do: Any
) -> None:
    simulated.change(100, uuid="aaaaaaaa-0000-0000-0000-000000000100")
    assert list(Placement.objects.to_identify()) == [usurper.placement]
    binding.identify(usurper.placement.pk)
    placement = Placement.objects.get()
    assert (placement.identity_mismatch, placement.missing_since, placement.power) == ("", None, "running")
    assert Event.objects.filter(type="vps.found").count() == 1
    assert do(Vps.objects.get(), "reboot").state == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_reconcile_has_a_guest_identified_that_comes_back_after_having_been_gone(
    known: Vps, simulated: Simulated, real_cluster: Cluster
) -> None:
    simulated.call("DELETE", "guests/100")
    reconcile(real_cluster.pk)
    assert ("vps.identify", known.placement.pk) not in bells()
    simulated.add(uuid=OTHER)
    reconcile(real_cluster.pk)
    assert ("vps.identify", known.placement.pk) in bells()
    binding.identify(known.placement.pk)
    assert Placement.objects.get().identity_mismatch == OTHER


def test_identify_writes_nothing_of_a_guest_to_a_server_that_was_bound_elsewhere_meanwhile(
    server: Any, simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    vps = server(power="running")
    simulated.add(vmid=200, power="stopped")
    Vps.objects.update(status="stopped")
    real = Proxmox.identity

    def moved_meanwhile(self: Proxmox, ref: Any) -> str:
        sync.apply_one(
            sync.SyncCommand(
                "update", id=vps.pk, placement=sync.PlacementSpec("simulated", GuestRef(Kind.VM, "200", "pve1"))
            )
        )
        return real(self, ref)

    monkeypatch.setattr(Proxmox, "identity", moved_meanwhile)
    binding.identify(vps.placement.pk)
    assert Vps.objects.get().status == "stopped"
    assert not Event.objects.filter(type="vps.status_changed").exists()


# Moved, and gone


@pytest.mark.parametrize("kind", VERBS)
@pytest.mark.parametrize("guest", ["qemu", "lxc"])
def test_operations_of_every_kind_follow_a_guest_that_moved(
    server: Any, simulated: Simulated, do: Any, guest: str, kind: str
) -> None:
    vps = server(guest, power=power_before(kind))
    simulated.change(100, node="pve2")
    assert do(vps, kind).state == "succeeded"
    assert Placement.objects.get().node == "pve2"
    assert len(simulated.commands(100)) == 1


@pytest.mark.parametrize("kind", ["start", "reboot"])
def test_operations_flag_a_guest_that_is_gone_and_never_delete_it(
    known: Vps, simulated: Simulated, do: Any, real_cluster: Cluster, kind: str
) -> None:
    guest = simulated.guest(100)
    simulated.call("DELETE", "guests/100")
    assert do(known, kind).error_code == "vps_missing"
    assert Vps.objects.get().shown.word == "unknown"
    reconcile(real_cluster.pk)
    assert Event.objects.filter(type="vps.missing").count() == 1
    simulated.call("POST", "guests", guest)
    reconcile(real_cluster.pk)
    binding.identify(known.placement.pk)
    assert Vps.objects.get().shown.word == "running"


def test_reboot_sends_nothing_to_a_guest_that_is_replaced_while_it_is_waited_for(
    known: Vps, simulated: Simulated, alice: Any
) -> None:
    simulated.change(100, lock="backup")
    operation = operations.request(known, "reboot", by=alice, source="page")
    advance_once(operation)
    usurped(simulated, uuid=OTHER)
    assert carry_out(operation).error_code == "identity_mismatch"
    assert simulated.commands(100) == []
