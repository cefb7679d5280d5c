"""B10: a guest's address is learnt, and learnt anew when it changes; the main site's word stands, and who said it is kept."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.seams import Shorten
from vps.models import Cluster, Event, Placement, Vps
from vps.services import addresses, binding
from vps.services.reconcile import reconcile

# The cluster's row, two locks, the guests, when they are asked, the nodes that do not answer, and the locks again.
STATEMENTS = 8

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


def test_find_addresses_learns_within_minutes_that_one_has_changed_and_records_it(learnt: Vps, simulated: Any) -> None:
    assert address() == (OLD, "guest")
    simulated.change(100, ips=[NEW])
    assert addresses.find_addresses() == 0, "it was asked a moment ago"
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (NEW, "guest")
    events = list(Event.objects.filter(type="vps.updated").values_list("source", "data"))
    assert events == [("system", {"changed": ["ip_address"]})] * 2


def test_find_addresses_asks_a_guest_that_has_come_up_since_before_the_others(
    learnt: Vps, simulated: Any, real_cluster: Cluster
) -> None:
    """Most addresses change with a reboot."""
    simulated.change(100, ips=[NEW])
    long_ago, lately = (timezone.now() - timedelta(seconds=seconds) for seconds in (600, 40))
    Placement.objects.update(addresses_asked_at=lately, power_since=long_ago)
    assert list(Placement.objects.to_ask_for_address(real_cluster, timezone.now())) == []
    Placement.objects.update(power_since=timezone.now() - timedelta(seconds=5))
    assert addresses.find_addresses() == 1


def test_find_addresses_asks_first_where_least_is_known(
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


@pytest.mark.parametrize("written", [OTHER, OLD])
def test_sync_of_an_address_stands_whatever_the_guest_says(
    learnt: Vps, simulated: Any, main_site: Any, written: str
) -> None:
    """Though it is what the guest had said itself."""
    assert main_site("update", id=learnt.pk, ip_address=written).status_code == 200
    assert address() == (written, "main_site")
    simulated.change(100, ips=[NEW])
    minutes_later()
    simulated.forget_load()
    assert addresses.find_addresses() == 0
    assert simulated.load()["calls"] == 0, "and nobody asks"
    assert address() == (written, "main_site")


def test_sync_of_something_else_leaves_the_address_the_guests(learnt: Vps, simulated: Any, main_site: Any) -> None:
    assert main_site("update", id=learnt.pk, cpu=4).status_code == 200
    simulated.change(100, ips=[NEW])
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (NEW, "guest")


def test_find_addresses_learns_one_again_that_the_main_site_has_withdrawn(learnt: Vps, main_site: Any) -> None:
    main_site("update", id=learnt.pk, ip_address=OTHER)
    main_site("update", id=learnt.pk, ip_address=None)
    assert address() == (None, None)
    minutes_later()
    assert addresses.find_addresses() == 1
    assert address() == (OLD, "guest")


def test_sync_of_an_address_stands_that_comes_while_the_guest_is_asked(learnt: Vps, main_site: Any) -> None:
    placement = Placement.objects.get()
    main_site("update", id=learnt.pk, ip_address=OTHER)
    assert not addresses.learn(placement, NEW)
    assert address() == (OTHER, "main_site")


def test_unbind_forgets_the_address_that_was_learnt_from_the_guest(learnt: Vps, simulated: Any, carol: Any) -> None:
    binding.unbind(learnt, by=carol, source="admin")
    assert address() == (None, None)
    assert Event.objects.filter(type="vps.updated", by=carol).get().data == {"changed": ["ip_address"]}


def test_sync_of_another_placement_forgets_the_address_that_was_learnt_from_the_guest(
    learnt: Vps, simulated: Any, main_site: Any, real_cluster: Cluster
) -> None:
    where = {"cluster": real_cluster.name, "node": "pve1", "vmid": 101, "kind": "qemu"}
    answer = main_site("update", id=learnt.pk, placement=where)
    assert answer.json()["vps"]["ip_address"] is None
    assert address() == (None, None)
    where["vmid"] = 102
    main_site("update", id=learnt.pk, placement=where, ip_address=OTHER)
    assert address() == (OTHER, "main_site")


def test_unbind_keeps_the_address_that_the_main_site_has_said(server: Any, main_site: Any, carol: Any) -> None:
    vps = server(power="running")
    main_site("update", id=vps.pk, ip_address=OTHER)
    binding.unbind(vps, by=carol, source="admin")
    assert address() == (OTHER, "main_site")


def test_find_addresses_does_not_go_to_and_fro_between_two_of_a_guest(learnt: Vps, simulated: Any) -> None:
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


def test_find_addresses_leaves_a_bridges_own_for_one_that_the_guest_can_be_found_at(
    server: Any, simulated: Any
) -> None:
    """B9: it was told first, before the card had one, or was learnt by the release before."""
    server(power="running", agent=True, ips=[], bridges={"docker0": ["172.17.0.1"]})
    addresses.find_addresses()
    assert address() == ("172.17.0.1", "guest")
    simulated.change(100, ips=["10.0.0.5"])
    minutes_later()
    addresses.find_addresses()
    assert address() == ("10.0.0.5", "guest")


def test_find_addresses_does_not_learn_from_another_guest_under_the_key(learnt: Vps, simulated: Any) -> None:
    simulated.call("DELETE", "guests/100")
    simulated.add("qemu", 100, uuid="bbbbbbbb-0000-0000-0000-000000000100", power="running", agent=True, ips=[NEW])
    minutes_later()
    assert addresses.find_addresses() == 0
    assert address() == (OLD, "guest")


def test_vps_admin_shows_who_said_the_address(learnt: Vps, as_user: Any, carol: Any, main_site: Any) -> None:
    page = f"/admin/vps/vps/{learnt.pk}/change/"
    assert f"{OLD} (learnt from its guest" in as_user(carol).get(page).content.decode()
    main_site("update", id=learnt.pk, ip_address=OTHER)
    assert f"{OTHER} (from the main site)" in as_user(carol).get(page).content.decode()


def test_find_addresses_asks_no_more_than_so_many_a_round_and_each_once(
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


@pytest.mark.parametrize("count", [2, 12])
def test_find_addresses_makes_as_many_statements_for_many_guests_without_an_agent_as_for_two(
    server: Any, real_cluster: Cluster, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Those of a round are noted as asked at once, and what a guest refuses is logged by what was read already."""
    caplog.set_level("INFO")
    for vmid in range(100, 100 + count):
        server(power="running", vmid=vmid)
    reconcile(real_cluster.pk)
    with CaptureQueriesContext(connection) as queries:
        assert addresses.find_on(real_cluster.pk) == 0
    assert sum(f"no address of {real_cluster.name} / qemu/" in line for line in caplog.messages) == count
    assert len(queries) == STATEMENTS, [query["sql"] for query in queries.captured_queries]


def test_find_addresses_leaves_their_place_to_those_that_there_was_no_time_for(
    server: Any, simulated: Any, real_cluster: Cluster, shorten: Shorten
) -> None:
    for vmid in range(100, 103):
        server(power="running", vmid=vmid, agent=True, ips=[f"1.1.1.{vmid}"])
    reconcile(real_cluster.pk)
    ages = {100: 900, 101: 800, 102: 700}
    for vmid, seconds in ages.items():
        asked_at = timezone.now() - timedelta(seconds=seconds)
        Placement.objects.filter(vmid=vmid).update(addresses_asked_at=asked_at, power_since=asked_at)
    before = dict(Placement.objects.values_list("vmid", "addresses_asked_at"))
    shorten(addresses_for_s=0)
    assert addresses.find_addresses() == 1
    after = dict(Placement.objects.values_list("vmid", "addresses_asked_at"))
    assert [vmid for vmid in ages if after[vmid] != before[vmid]] == [100]


def test_migration_knows_addresses_that_were_learnt_before_the_upgrade(
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
