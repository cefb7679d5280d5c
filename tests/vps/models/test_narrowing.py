"""What a list of servers is narrowed to, how many are counted, and the order in which they stand."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from vps.models import Operation, Vps
from vps.models.narrowing import ATTENTION, IN_PROGRESS, conditions

NOW = timezone.now


def names(found: Any) -> list[str]:
    return [vps.name for vps in found]


def under_way(vps: Vps) -> Vps:
    Operation.objects.create(vps=vps, kind="start", source="page", deadline_at=NOW() + timedelta(minutes=5))
    return vps


@pytest.fixture
def one_of_each(alice: Any, make_vps: Any, bind: Any) -> None:
    """Of every state, by its name."""
    bind(make_vps(alice, name="running"), 100)
    bind(make_vps(alice, name="stopped", status="stopped"), 101)
    bind(make_vps(alice, name="paused"), 102, power="paused")
    bind(make_vps(alice, name="unknown"), 103, power="unknown")
    bind(under_way(make_vps(alice, name="starting", status="stopped")), 104)
    make_vps(alice, name="not_connected")
    for status in ("creating", "suspended", "error"):
        make_vps(alice, name=status, status=status)
    slow = make_vps(alice, name="slow", status="creating")
    Vps.objects.filter(pk=slow.pk).update(updated_at=NOW() - timedelta(minutes=16))


FOUND = {
    "": [
        "creating",
        "error",
        "not_connected",
        "paused",
        "running",
        "slow",
        "starting",
        "stopped",
        "suspended",
        "unknown",
    ],
    ATTENTION: ["error", "not_connected", "slow", "suspended", "unknown"],
    IN_PROGRESS: ["creating", "slow", "starting"],
    "creating": ["creating", "slow"],
    **{word: [word] for word in ("running", "stopped", "paused", "suspended", "error", "unknown", "not_connected")},
}


@pytest.mark.parametrize("word", FOUND)
@pytest.mark.usefixtures("one_of_each")
def test_narrowed_to_a_condition_are_its_rows(word: str) -> None:
    assert names(Vps.objects.narrowed_to(word).order_by("name")) == FOUND[word]


@pytest.mark.usefixtures("one_of_each")
def test_counted_says_of_each_condition_what_it_would_find_in_one_query(
    alice: Any, django_assert_num_queries: Any
) -> None:
    assert set(FOUND) - {""} == set(conditions(NOW()))
    with django_assert_num_queries(1):
        counts = Vps.objects.counted(alice, "")
    assert counts == {"total": 10, "all": 10} | {word: len(found) for word, found in FOUND.items() if word}
    assert Vps.objects.counted(alice, "st") == dict.fromkeys(counts, 0) | {
        "total": 10, "all": 2, "stopped": 1, IN_PROGRESS: 1
    }  # fmt: skip
    for text, number in (("nothing like it", 0), ("_", 1), ("%", 0), ("\\", 0), ("STOP\0", 1)):
        assert Vps.objects.counted(alice, text)["all"] == Vps.objects.matching(text).count() == number


@pytest.mark.usefixtures("one_of_each")
def test_counted_knows_nothing_of_what_others_own(bob: Any) -> None:
    assert not any(Vps.objects.counted(bob, "").values())


@pytest.mark.usefixtures("one_of_each")
def test_narrowed_to_nonsense_is_narrowed_to_nothing() -> None:
    assert Vps.objects.narrowed_to("is_under_way").count() == 10


def test_in_order_of_names_numbers_count_as_numbers(alice: Any, make_vps: Any) -> None:
    for name in ("node-10", "Node-2", "node-2b", "node-1234567890123", "почта", "a", "node-0002"):
        make_vps(alice, name=name)
    expected = ["a", "Node-2", "node-0002", "node-2b", "node-10", "node-1234567890123", "почта"]
    assert names(Vps.objects.in_order("name")) == expected
    assert names(Vps.objects.in_order("nonsense")) == expected
    assert names(Vps.objects.in_order("-name"))[:2] == ["почта", "node-1234567890123"]


def test_in_order_of_addresses_those_without_one_stand_last(alice: Any, make_vps: Any) -> None:
    for address in ("192.0.2.11", "192.0.2.9", None, "2001:db8::1"):
        make_vps(alice, name=str(address), ip_address=address)
    assert names(Vps.objects.in_order("address")) == ["192.0.2.9", "192.0.2.11", "2001:db8::1", "None"]
    assert names(Vps.objects.in_order("-address")) == ["2001:db8::1", "192.0.2.11", "192.0.2.9", "None"]


def test_in_order_of_size_and_age(alice: Any, make_vps: Any) -> None:
    for cpu, ram in ((4, 1024), (2, 4096), (2, 2048)):
        make_vps(alice, name=f"{cpu}-{ram}", cpu=cpu, ram=ram)
    assert names(Vps.objects.in_order("size")) == ["2-2048", "2-4096", "4-1024"]
    assert names(Vps.objects.in_order("-size")) == ["4-1024", "2-4096", "2-2048"]
    assert names(Vps.objects.in_order("-created"))[0] == "2-2048"


@pytest.mark.usefixtures("one_of_each")
def test_in_order_of_states_what_needs_attention_stands_first() -> None:
    found = names(Vps.objects.in_order("state"))
    assert sorted(found[:5]) == FOUND[ATTENTION]
    assert found[5:] == ["creating", "starting", "running", "stopped", "paused"]
