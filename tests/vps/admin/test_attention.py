"""What the staff's first page says of trouble, kind by kind, and to whom."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import Mail
from tests.conftest import person
from vps.attention import since
from vps.models import Cluster, ClusterNode, Operation, Suspension, Vps, WhyUnbound

SINCE = "2026-01-02T03:04Z"
IN_WORDS = "since 2026-01-02 03:04 UTC"


def troubles(browser: Any) -> dict[str, str]:
    """{title: what is said below it}, of what can be read on the page."""
    page = browser.get("/admin/").content.decode()
    found = re.findall(r"<h3>(.*?) <span.*?</span></h3>\s*<ul>(.*?)</ul>", page, re.DOTALL)
    return {title: " ".join(re.sub(r"<[^>]*>", " ", lines).split()) for title, lines in found}


def silence(cluster: Cluster, name: str = "pve2") -> ClusterNode:
    failed = {"failures": 3, "unreachable_since": SINCE, "failure": "No route to host"}
    node: ClusterNode = ClusterNode.objects.create(cluster=cluster, name=name, **failed)
    return node


def creating(vps: Vps, *, for_minutes: int) -> None:
    Vps.objects.filter(pk=vps.pk).update(updated_at=timezone.now() - timedelta(minutes=for_minutes))


def opened(vps: Vps, **columns: Any) -> Operation:
    deadline = timezone.now() + timedelta(minutes=5)
    made: Operation = Operation.objects.create(vps=vps, kind="stop", deadline_at=deadline, source="page", **columns)
    return made


def test_attention_names_nodes_that_do_not_answer_with_their_cluster_since_when_and_why(
    admin: Any, cluster: Cluster
) -> None:
    silence(cluster)
    ClusterNode.objects.create(cluster=cluster, name="pve3")
    listed = troubles(admin)
    assert listed == {"Nodes that do not answer": f"main / pve2 {IN_WORDS}, No route to host"}


def test_attention_names_no_nodes_of_a_cluster_that_is_not_in_use(admin: Any, cluster: Cluster) -> None:
    silence(cluster)
    Cluster.objects.update(is_active=False)
    assert troubles(admin) == {}


def test_attention_names_an_identity_mismatch_with_both_identities_and_not_as_gone(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    bind(make_vps(alice, name="shop"), vmid=107, missing_since=SINCE, identity_mismatch="uuid-9")
    bind(make_vps(alice, name="mail"), vmid=108, missing_since=SINCE, identity_mismatch="?")
    bind(make_vps(alice, name="vanished"), vmid=109, missing_since=SINCE)
    listed = troubles(admin)
    mismatched = listed["Servers in whose place another guest stands"]
    assert f"shop main / qemu/107, {IN_WORDS}, expected uuid-107, found uuid-9" in mismatched
    assert "expected uuid-108, found a guest without identity" in mismatched
    assert listed["Guests that are gone from their cluster"] == f"vanished main / qemu/109, {IN_WORDS}"


def test_attention_names_a_server_that_has_long_been_creating_before_it_is_given_up(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    for number, minutes in enumerate((31, 29)):
        vps = make_vps(alice, name=f"new-{minutes}", status="creating")
        bind(vps, vmid=100 + number, power="stopped")
        creating(vps, for_minutes=minutes)
    listed = troubles(admin)["Servers being created for more than 30 minutes"]
    assert "new-31" in listed
    assert "alice, since 20" in listed
    assert "new-29" not in listed


def test_attention_names_an_operation_whose_workers_keep_dying(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    for number, claims in enumerate((1, 2)):
        vps = make_vps(alice, name=f"with-{claims}")
        bind(vps, vmid=100 + number)
        opened(vps, claims=claims)
    listed = troubles(admin)["Operations whose workers keep dying"]
    assert "with-2: Stop" in listed
    assert "turns without an end: 2" in listed
    assert "with-1" not in listed


@pytest.mark.parametrize(
    ("codename", "titles"),
    [
        ("view_cluster", ["Nodes that do not answer"]),
        ("view_vps", ["Servers in whose place another guest stands"]),
        ("view_operation", []),
    ],
)
def test_attention_names_what_staff_may_look_at(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster, codename: str, titles: list[str]
) -> None:
    silence(cluster)
    bind(make_vps(alice), missing_since=SINCE, identity_mismatch="uuid-9")
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename=codename))
    assert list(troubles(as_user(dave))) == titles


def test_attention_costs_the_same_queries_for_one_trouble_of_a_kind_and_for_ten(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster, django_assert_num_queries: Any
) -> None:
    def one_more_of_each(number: int) -> None:
        silence(cluster, f"pve{number}")
        bind(make_vps(alice), vmid=1000 + number, missing_since=SINCE)
        bind(make_vps(alice), vmid=2000 + number, missing_since=SINCE, identity_mismatch="uuid-9")
        killing, slow = make_vps(person(f"customer-{number}")), make_vps(alice, status="creating")
        bind(killing, vmid=3000 + number)
        opened(killing, claims=2)
        creating(slow, for_minutes=40)
        unsent(alice)
        owing = make_vps(alice, status="suspended")
        bind(owing, vmid=4000 + number, power="running", power_since=SINCE)
        Suspension.objects.create(vps=owing, power="stop", since=SINCE)

    one_more_of_each(0)
    queries = 35
    with django_assert_num_queries(queries):
        admin.get("/admin/")
    for number in range(1, 10):
        one_more_of_each(number)
    with django_assert_num_queries(queries):
        assert len(troubles(admin)) == 8


def unsent(user: Any, **columns: Any) -> Mail:
    ended = {"ended_at": timezone.now(), "problem": "refused: 550 No such mailbox"}
    return Mail.objects.create(purpose="password_changed", user=user, **ended | columns)


UNSENT = "Mails that were not sent in the last 24 hours, or have waited for more than 15 minutes"


def test_attention_names_mails_that_were_not_sent_of_late_and_why(admin: Any, alice: Any, bob: Any) -> None:
    now = timezone.now()
    lost = unsent(alice)
    waits = unsent(None, login="bob", ended_at=None, problem="", created_at=now - timedelta(minutes=16))
    for columns in ({"problem": ""}, {"ended_at": now - timedelta(hours=25)}, {"ended_at": None}, {"sent_at": now}):
        unsent(bob, **columns)
    why = f"password_changed #{lost.pk} alice, the SMTP host refuses it: 550 No such mailbox"
    assert troubles(admin)[UNSENT] == f"password_changed #{waits.pk} bob, {since(waits.created_at)} {why}"


def test_attention_names_mails_to_staff_who_may_look_at_mails(as_user: Any, alice: Any) -> None:
    unsent(alice)
    found = []
    for codename in ("view_mail", "view_vps"):
        dave = person(f"dave-{codename}", is_staff=True)
        dave.user_permissions.add(Permission.objects.get(codename=codename))
        found.append(list(troubles(as_user(dave))))
    assert found == [[UNSENT], []]


def test_attention_names_a_suspended_server_that_is_switched_on(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    """B12: started behind the panel's back, say, or never stopped."""
    powers = {"started": "running", "frozen": "paused", "down": "stopped", "unseen": "unknown"}
    for number, (name, power) in enumerate(powers.items()):
        bind(make_vps(alice, name=name, status="suspended"), vmid=100 + number, power=power)
    bind(make_vps(alice, name="vanished", status="suspended"), vmid=200, power="running", missing_since=SINCE)
    bind(make_vps(alice, name="paid"), vmid=201)
    listed = troubles(admin)["Suspended servers that are switched on"]
    assert "started main / qemu/100, Running, since 20" in listed
    assert "frozen main / qemu/101, Paused" in listed
    assert not [name for name in ("down", "unseen", "vanished", "paid") if name in listed]


def test_attention_names_a_cluster_that_nobody_asks_though_nobody_calls_it_unreachable(
    admin: Any, cluster: Cluster
) -> None:
    """Its servers are shown as unknown, so the page must not say that all clusters answer."""
    Cluster.objects.update(seen_at=SINCE)
    assert troubles(admin) == {"Clusters that nobody has heard": f"main {IN_WORDS}"}
    Cluster.objects.update(seen_at=None)
    assert troubles(admin) == {"Clusters that nobody has heard": "main not asked yet"}
    Cluster.objects.update(seen_at=timezone.now())
    assert troubles(admin) == {}


def test_attention_names_servers_of_a_dead_node_though_nobody_has_called_it(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    """The cluster's list says that it is lost, so no call has to fail."""
    bind(make_vps(alice, name="dark"), vmid=107, node="pve2", power="unknown", power_since=SINCE)
    bind(make_vps(alice, name="seen"), vmid=108)
    bind(make_vps(alice, name="just bound"), vmid=109, power="unknown", identity="")
    title = "Servers that nobody sees, though their cluster answers"
    assert troubles(admin) == {title: f"dark main / qemu/107, pve2, {IN_WORDS}"}


def test_attention_does_not_say_that_all_is_well_to_who_may_not_look_at_all(admin: Any, as_user: Any, db: None) -> None:
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename="view_operation"))
    assert "All clusters answer" in admin.get("/admin/").content.decode()
    page = as_user(dave).get("/admin/").content.decode()
    assert "All clusters answer" not in page
    assert "Nothing of what you may look at." in page


def test_attention_says_why_a_server_is_not_bound(admin: Any, alice: Any, make_vps: Any) -> None:
    """A1."""
    vps = make_vps(alice, name="shop")
    WhyUnbound.objects.write({vps.pk: ("former_owner", "main / qemu/107")})
    listed = troubles(admin)["Servers that are bound to no guest"]
    assert f"shop #{vps.pk} alice, the guest was another customer&#x27;s (main / qemu/107)" in listed
    page = admin.get(f"/admin/vps/vps/{vps.pk}/change/").content.decode()
    assert "not bound: the guest was another customer" in page


def test_attention_names_a_cluster_that_is_registered_twice(admin: Any, cluster: Cluster) -> None:
    """A2."""
    twin = Cluster.objects.create(name="twin", hosts=["b"], token_id="a@b!c", token_secret="s", same_as=cluster)
    assert "twin the same as main" in troubles(admin)["Clusters that are registered twice"]
    page = admin.get(f"/admin/vps/cluster/{twin.pk}/health/").content.decode()
    assert "This is the cluster “main”, registered a second time." in page


UNENFORCED = "Suspended servers that the panel is to stop, and has not seen stopped for 15 minutes"
SWITCHED_ON = "Suspended servers that are switched on"


def to_stop(vps: Vps, *, minutes: int = 16, **columns: Any) -> None:
    since = timezone.now() - timedelta(minutes=minutes)
    Suspension.objects.create(vps=vps, **{"power": "stop", "since": since} | columns)


def test_attention_names_a_suspended_server_that_is_not_seen_stopped_with_a_link_to_it(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice, name="on", status="suspended")
    bind(vps, vmid=107, power="running", power_since=SINCE)
    to_stop(vps)
    unbound = make_vps(alice, name="homeless", status="suspended")
    to_stop(unbound, minutes=60)
    listed = troubles(admin)
    assert re.search(
        r"homeless not bound, suspended since .* UTC on main / qemu/107, Running, susp", listed[UNENFORCED]
    )
    assert SWITCHED_ON not in listed, "told of once"
    page = admin.get("/admin/").content.decode()
    assert f"/admin/vps/vps/{vps.pk}/change/" in page
    assert f"/admin/vps/vps/{unbound.pk}/change/" in page


@pytest.mark.parametrize(
    ("minutes", "placement", "columns"),
    [
        (14, {"power": "running", "power_since": SINCE}, {}),
        (60, {"power": "stopped", "power_since": SINCE}, {}),
        (60, {"power": "running", "power_since": SINCE}, {"power": "keep"}),
        (60, {"power": "running", "power_since": SINCE}, {"ended_at": timezone.now()}),
        (60, {"power": "running"}, {}),
        (60, {"power": "unknown"}, {}),
    ],
    ids=["suspended lately", "seen stopped", "left as it is", "ended", "runs again since now", "gone dark just now"],
)
def test_attention_gives_a_suspended_server_its_time_to_stop(
    admin: Any,
    alice: Any,
    make_vps: Any,
    bind: Any,
    minutes: int,
    placement: dict[str, Any],
    columns: dict[str, Any],
) -> None:
    vps = make_vps(alice, status="suspended")
    bind(vps, **placement)
    to_stop(vps, minutes=minutes, **columns)
    assert UNENFORCED not in troubles(admin)


def test_attention_gives_a_stopped_guest_of_a_cluster_that_is_silent_15_minutes(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice, status="suspended")
    bind(vps, power="stopped", power_since=SINCE)
    to_stop(vps, minutes=60)
    for minutes in (14, 16):
        Cluster.objects.update(seen_at=timezone.now() - timedelta(minutes=minutes))
        assert (UNENFORCED in troubles(admin)) == (minutes > 15)


def test_attention_still_names_a_server_that_runs_though_it_is_left_as_it_is(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice, name="on", status="suspended")
    bind(vps, power="running")
    to_stop(vps, power="keep")
    assert "on main / qemu/100" in troubles(admin)[SWITCHED_ON]
