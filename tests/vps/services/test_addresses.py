"""B10: a guest's address is learnt, and learnt anew when it changes; the main site's word stands, and who said it is kept."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from tests.seams import Shorten
from vps.models import Cluster, Event, Placement, Vps
from vps.services import addresses, binding
from vps.services.reconcile import reconcile

OLD, NEW, OTHER = "1.1.1.5", "1.1.1.6", "9.9.9.9"


@pytest.fixture
def learnt(server: Any) -> Vps:
    """Alice's server, whose guest has told its address."""
    server(power="running", agent=True, ips=[OLD])
    assert addresses.find_addresses() == 1
    return Vps.objects.get()


def minutes_later(minutes: float = 3) -> None:
    Placement.objects.update(
        addresses_asked_at=F("addresses_asked_at") - timedelta(minutes=minutes),
        power_since=F("power_since") - timedelta(minutes=minutes),
    )


def address() -> tuple[str | None, str | None]:
    vps = Vps.objects.select_related("placement").get()
    return vps.ip_address, vps.address_source


def test_an_address_that_changes_is_learnt_within_minutes_and_told_of(learnt: Vps, simulated: Any) -> None:
    assert address() == (OLD, "guest")
    simulated.change(100, ips=[NEW])
    assert addresses.find_addresses() == 0, "it was asked a moment ago"
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (NEW, "guest")
    events = list(Event.objects.filter(type="vps.updated").values_list("source", "data"))
    assert events == [("system", {"changed": ["ip_address"]})] * 2


def test_a_guest_that_has_come_up_since_is_asked_before_the_others(
    learnt: Vps, simulated: Any, real_cluster: Cluster
) -> None:
    """Most addresses change with a reboot."""
    simulated.change(100, ips=[NEW])
    long_ago, lately = (timezone.now() - timedelta(seconds=seconds) for seconds in (600, 40))
    Placement.objects.update(addresses_asked_at=lately, power_since=long_ago)
    assert list(Placement.objects.to_ask_for_address(real_cluster, timezone.now())) == []
    Placement.objects.update(power_since=timezone.now() - timedelta(seconds=5))
    assert addresses.find_addresses() == 1


def test_where_not_all_can_be_asked_those_go_first_of_which_least_is_known(
    server: Any, simulated: Any, real_cluster: Cluster, shorten: Shorten
) -> None:
    """B10: who was never asked, then who has come up since, then who has rested longest; whoever was placed first."""
    shorten(addresses_a_round=1)
    for vmid in range(100, 104):
        server(power="running", vmid=vmid, agent=True, ips=[f"1.1.1.{vmid}"])
    reconcile(real_cluster.pk)
    now = timezone.now()
    for vmid, asked_s, up_s in ((100, 600, 3600), (101, 900, 3600), (102, 40, 5)):
        asked_at, up_at = now - timedelta(seconds=asked_s), now - timedelta(seconds=up_s)
        Placement.objects.filter(vmid=vmid).update(addresses_asked_at=asked_at, power_since=up_at)
    order: list[int] = []
    for _ in range(4):
        assert addresses.find_addresses() == 1
        known = set(Vps.objects.exclude(ip_address=None).values_list("placement__vmid", flat=True))
        order += known - set(order)
    assert order == [103, 102, 101, 100]


@pytest.mark.parametrize("said", [OTHER, OLD])
def test_what_the_main_site_says_stands_whatever_the_guest_says(
    learnt: Vps, simulated: Any, main_site: Any, said: str
) -> None:
    """Though it is what the guest had said itself."""
    assert main_site("update", id=learnt.pk, ip_address=said).status_code == 200
    assert address() == (said, "main_site")
    simulated.change(100, ips=[NEW])
    minutes_later()
    simulated.forget_load()
    assert addresses.find_addresses() == 0
    assert simulated.load()["calls"] == 0, "and nobody asks"
    assert address() == (said, "main_site")


def test_a_word_of_something_else_leaves_the_address_the_guests(learnt: Vps, simulated: Any, main_site: Any) -> None:
    assert main_site("update", id=learnt.pk, cpu=4).status_code == 200
    simulated.change(100, ips=[NEW])
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (NEW, "guest")


def test_an_address_that_the_main_site_takes_back_is_learnt_again(learnt: Vps, main_site: Any) -> None:
    main_site("update", id=learnt.pk, ip_address=OTHER)
    main_site("update", id=learnt.pk, ip_address=None)
    assert address() == (None, None)
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (OLD, "guest")


def test_the_main_sites_word_while_the_guest_is_asked_stands(learnt: Vps, main_site: Any) -> None:
    placement = Placement.objects.get()
    main_site("update", id=learnt.pk, ip_address=OTHER)
    assert not addresses.learn(placement, NEW)
    assert address() == (OTHER, "main_site")


def test_what_was_learnt_from_a_guest_goes_with_it(learnt: Vps, simulated: Any, carol: Any) -> None:
    binding.unbind(learnt, by=carol, source="admin")
    assert address() == (None, None)
    assert Event.objects.filter(type="vps.updated", by=carol).get().data == {"changed": ["ip_address"]}


def test_it_goes_too_where_the_main_site_places_the_server_elsewhere(
    learnt: Vps, simulated: Any, main_site: Any, real_cluster: Cluster
) -> None:
    place = {"cluster": real_cluster.name, "node": "pve1", "vmid": 101, "kind": "qemu"}
    answer = main_site("update", id=learnt.pk, placement=place)
    assert answer.json()["vps"]["ip_address"] is None
    assert address() == (None, None)
    place["vmid"] = 102
    main_site("update", id=learnt.pk, placement=place, ip_address=OTHER)
    assert address() == (OTHER, "main_site")


def test_one_that_the_main_site_has_said_stays_when_the_guest_goes(server: Any, main_site: Any, carol: Any) -> None:
    vps = server(power="running")
    main_site("update", id=vps.pk, ip_address=OTHER)
    binding.unbind(vps, by=carol, source="admin")
    assert address() == (OTHER, "main_site")


def test_a_guest_with_two_addresses_does_not_change_to_and_fro(learnt: Vps, simulated: Any) -> None:
    simulated.change(100, ips=[NEW, OLD])
    minutes_later()
    assert addresses.find_addresses() == 0
    simulated.change(100, ips=["10.0.0.5", NEW])
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (NEW, "guest")
    simulated.change(100, ips=["10.0.0.5"])
    minutes_later()
    addresses.find_addresses()
    assert address() == ("10.0.0.5", "guest")


def test_b9_an_address_of_its_own_bridge_is_left_for_one_that_it_is_reached_by(server: Any, simulated: Any) -> None:
    """B9. It was told first, before the card had one, or was learnt by the release before."""
    server(power="running", agent=True, ips=[], bridges={"docker0": ["172.17.0.1"]})
    addresses.find_addresses()
    assert address() == ("172.17.0.1", "guest")
    simulated.change(100, ips=["10.0.0.5"])
    minutes_later()
    addresses.find_addresses()
    assert address() == ("10.0.0.5", "guest")


def test_another_guest_in_its_place_is_not_asked_where_it_lives(learnt: Vps, simulated: Any) -> None:
    simulated.call("DELETE", "guests/100")
    simulated.add("qemu", 100, uuid="bbbbbbbb-0000-0000-0000-000000000100", power="running", agent=True, ips=[NEW])
    minutes_later()
    assert addresses.find_addresses() == 0
    assert address() == (OLD, "guest")


def test_who_said_it_is_shown_to_staff(learnt: Vps, as_user: Any, carol: Any, main_site: Any) -> None:
    page = f"/admin/vps/vps/{learnt.pk}/change/"
    assert f"{OLD} (learnt from its guest" in as_user(carol).get(page).content.decode()
    main_site("update", id=learnt.pk, ip_address=OTHER)
    assert f"{OTHER} (said by the main site)" in as_user(carol).get(page).content.decode()


def test_a_round_asks_no_more_than_so_many_and_each_in_turn(
    server: Any, simulated: Any, real_cluster: Cluster, shorten: Shorten
) -> None:
    shorten(addresses_a_round=4)
    for vmid in range(100, 110):
        server(power="running", vmid=vmid, agent=True, ips=[f"1.1.1.{vmid}"])
    reconcile(real_cluster.pk)
    for expected in (4, 4, 2):
        simulated.forget_load()
        assert addresses.find_addresses() == expected
        asked = simulated.load()["by_path"]
        assert asked["GET /nodes/{node}/{kind}/{vmid}/agent/network-get-interfaces"] == expected
    minutes_later()
    simulated.forget_load()
    for _ in range(4):
        assert addresses.find_addresses() == 0
    assert simulated.load()["calls"] == 10, "where nothing is news a guest costs one call"


def test_what_was_learnt_before_the_upgrade_is_known_as_such(
    server: Any, make_vps: Any, alice: Any, main_site: Any
) -> None:
    by_guest, by_main_site = server(power="running"), server(power="running", vmid=101)
    for vps in (by_guest, by_main_site):
        Event.objects.record("vps.updated", vps, source="system", changed=["ip_address"])
    Vps.objects.update(ip_address=OLD)
    main_site("update", id=by_main_site.pk, ip_address=OTHER)
    migration = import_module("vps.migrations.0020_addresses_that_were_learnt_are_known_as_such")
    with connection.cursor() as cursor:
        cursor.execute(migration.LEARNT)
    assert Placement.objects.get(vps=by_guest).learnt_address == OLD
    assert Placement.objects.get(vps=by_main_site).learnt_address == ""
