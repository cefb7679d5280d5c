"""What the main site says of a placement it has named before: that a new machine stands there, or nothing new."""

from typing import Any

import pytest

from tests.simulated import Cluster as Simulated
from tests.vps.api.commands import batch, update
from tests.vps.conftest import bells
from tests.vps.services.conftest import OTHER, usurp
from vps import operations
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.services import binding
from vps.services.reconcile import reconcile


def wire_placement(cluster: str = "simulated", vmid: int = 100, **more: Any) -> dict[str, Any]:
    return {"cluster": cluster, "node": "pve1", "vmid": vmid, "kind": "qemu"} | more


def test_sync_binds_the_new_machine_where_it_says_that_the_old_is_replaced(
    known: Vps, simulated: Simulated, main_site: Any, do: Any, quick_pauses: None
) -> None:
    """Without the word it is warned, and nothing happens to a machine that nobody has vouched for."""
    usurp(simulated)
    binding.identify(known.placement.pk)
    answer = main_site("update", id=known.pk, placement=wire_placement())
    assert answer.status_code == 200
    assert "another machine was found there than was bound" in answer.json()["warnings"][0]
    assert Placement.objects.get().identity_mismatch == OTHER
    answer = main_site("update", id=known.pk, placement=wire_placement(replaced=True))
    assert (answer.status_code, answer.json().get("warnings")) == (200, None)
    event = Event.objects.filter(type="vps.bound").latest("id")
    assert (event.data["replaced"], event.source) == (True, "sync")
    binding.identify(Placement.objects.get().pk)
    placement = Placement.objects.get()
    assert (placement.identity_mismatch, placement.identity, placement.power) == ("", OTHER, "running")
    assert do(Vps.objects.get(), "restart").state == "succeeded"


def test_sync_of_a_replaced_machine_ends_the_operation_on_the_old(known: Vps, main_site: Any, alice: Any) -> None:
    operations.request(known, "reboot", by=alice, source="page")
    main_site("update", id=known.pk, placement=wire_placement(replaced=True))
    assert Operation.objects.get().error_code == "vps_unbound"


def test_sync_of_a_placement_warns_that_its_guest_is_gone(known: Vps, simulated: Simulated, main_site: Any) -> None:
    simulated.call("DELETE", "guests/100")
    reconcile(Cluster.objects.get().pk)
    warnings = main_site("update", id=known.pk, placement=wire_placement()).json()["warnings"]
    assert warnings == ["vps.placement: no such guest is there now."]


@pytest.mark.parametrize("is_replaced", [False, True])
def test_sync_of_the_same_placement_has_its_guest_identified_soon(
    known: Vps, main_site: Any, django_capture_on_commit_callbacks: Any, is_replaced: bool
) -> None:
    """So that the answer to the next word, or the next click, is about the machine that is there."""
    bells()
    with django_capture_on_commit_callbacks(execute=True):
        main_site("update", id=known.pk, placement=wire_placement(replaced=is_replaced))
    asked = [bell[1:] for bell in bells() if bell[0] == "vps.identify_each"]
    assert asked == [([Placement.objects.get().pk],)]


def test_sync_batch_warns_of_each_placement_as_a_single_call_does(
    known: Vps, simulated: Simulated, main_site: Any
) -> None:
    """And takes the word that a new machine stands there."""
    usurp(simulated)
    binding.identify(known.placement.pk)
    commands = [
        update(id=known.pk, placement=where)
        for where in (wire_placement(), wire_placement(replaced=True), wire_placement())
    ]
    first, second, third = batch(*commands).json()["results"]
    assert "another machine was found there than was bound" in first["warnings"][0]
    assert ("warnings" in second, "warnings" in third) == (False, False)
    assert Placement.objects.get().identity_mismatch == ""


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_sync_allows_true_or_false_for_replaced_alone(known: Vps, main_site: Any, value: Any) -> None:
    answer = main_site("update", id=known.pk, placement=wire_placement(replaced=value))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vps.placement.replaced"])
