"""What the staff's first page says of trouble, kind by kind, and to whom."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import Mail
from tests.conftest import person
from tests.vps.admin.reading import lines, names, rows, troubles, words
from vps.models import Cluster, ClusterNode, Operation, Suspension, Vps, WhyUnbound

SINCE = "2026-01-02T03:04Z"


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


def days_since() -> str:
    return f"{(timezone.now() - datetime.fromisoformat(SINCE)).days} d"


def read(browser: Any, address: str) -> str:
    return words(browser.get(address).content.decode())


def test_attention_names_nodes_that_do_not_answer_with_their_cluster_and_since_when(
    admin: Any, cluster: Cluster
) -> None:
    silence(cluster)
    silence(cluster, "pve4")
    ClusterNode.objects.create(cluster=cluster, name="pve3")
    line = lines(admin)["silent-nodes"]
    assert (line.count, line.title, line.detail) == (1, "Cluster with nodes that do not answer", "main: pve2, pve4")
    assert (line.age, line.tone) == (days_since(), "fail")
    assert names(admin, "silent-nodes") == ["main"]
    assert "No route to host" in read(admin, f"/admin/vps/cluster/{cluster.pk}/health/")


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
    assert troubles(admin) == {"mistaken": "mail, shop", "gone": "vanished: main"}
    assert [line.age for line in lines(admin).values()] == [days_since()] * 2
    assert names(admin, "mistaken") == ["shop", "mail"]
    assert names(admin, "gone") == ["vanished"]
    shop, mail = (read(admin, f"/admin/vps/vps/{vps.pk}/change/") for vps in Vps.objects.order_by("pk")[:2])
    assert "main / qemu/107 (pve1): another guest in its place since 2026-01-02 03:04 UTC" in shop
    assert "uuid-107; in its place: uuid-9" in shop
    assert "uuid-108; in its place: a guest without identity" in mail


def test_attention_names_a_server_that_has_long_been_creating_before_it_is_given_up(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    for number, minutes in enumerate((16, 14)):
        vps = make_vps(alice, name=f"new-{minutes}", status="creating")
        bind(vps, vmid=100 + number, power="stopped")
        creating(vps, for_minutes=minutes)
    line = lines(admin)["creating-too-long"]
    assert (line.count, line.detail, line.age, line.tone) == (1, "new-16", "16 min", "ask")
    assert names(admin, "creating-too-long") == ["new-16"]


def test_attention_names_an_operation_whose_workers_keep_dying(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    for number, claims in enumerate((1, 2)):
        vps = make_vps(alice, name=f"with-{claims}")
        bind(vps, vmid=100 + number)
        opened(vps, claims=claims)
    assert troubles(admin) == {"killing-operations": "with-2"}
    [operation] = rows(admin, lines(admin)["killing-operations"].address)
    assert operation.claims == 2


@pytest.mark.parametrize(
    ("codename", "keys"),
    [
        ("view_cluster", ["silent-nodes"]),
        ("view_vps", ["mistaken"]),
        ("view_operation", []),
    ],
)
def test_attention_names_what_staff_may_look_at(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster, codename: str, keys: list[str]
) -> None:
    silence(cluster)
    bind(make_vps(alice), missing_since=SINCE, identity_mismatch="uuid-9")
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename=codename))
    assert list(troubles(as_user(dave))) == keys


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
    queries = 12
    with django_assert_num_queries(queries):
        admin.get("/admin/")
    for number in range(1, 10):
        one_more_of_each(number)
    with django_assert_num_queries(queries):
        assert len(troubles(admin)) == 8


def unsent(user: Any, **columns: Any) -> Mail:
    ended = {"ended_at": timezone.now(), "problem": "refused: 550 No such mailbox"}
    return Mail.objects.create(purpose="password_changed", user=user, **ended | columns)


UNSENT = "unsent-mails"


def test_attention_names_mails_that_were_not_sent_of_late_and_why(admin: Any, alice: Any, bob: Any) -> None:
    now = timezone.now()
    lost = unsent(alice)
    waits = unsent(None, login="bob", ended_at=None, problem="", created_at=now - timedelta(minutes=16))
    for columns in ({"problem": ""}, {"ended_at": now - timedelta(hours=25)}, {"ended_at": None}, {"sent_at": now}):
        unsent(bob, **columns)
    assert sorted(troubles(admin)[UNSENT].split(", ")) == [
        "1 × nobody has sent it yet",
        "1 × the SMTP host refuses it",
    ]
    assert rows(admin, lines(admin)[UNSENT].address) == [lost, waits]
    assert "the SMTP host refuses it: 550 No such mailbox" in read(admin, lines(admin)[UNSENT].address)


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
    assert troubles(admin)[SWITCHED_ON] == "started, frozen"
    assert names(admin, SWITCHED_ON) == ["started", "frozen"]


def test_attention_names_a_cluster_that_nobody_asks_though_nobody_calls_it_unreachable(
    admin: Any, cluster: Cluster
) -> None:
    """Its servers are shown as unknown, so the page must not say that all clusters answer."""
    Cluster.objects.update(seen_at=SINCE)
    assert troubles(admin) == {"clusters-not-heard": "main"}
    assert lines(admin)["clusters-not-heard"].age == days_since()
    Cluster.objects.update(seen_at=None)
    assert troubles(admin) == {"clusters-not-heard": "main: not asked yet"}
    Cluster.objects.update(seen_at=timezone.now())
    assert troubles(admin) == {}


def test_attention_names_servers_of_a_dead_node_though_nobody_has_called_it(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    """The cluster's list says that it is lost, so no call has to fail."""
    bind(make_vps(alice, name="dark"), vmid=107, node="pve2", power="unknown", power_since=SINCE)
    bind(make_vps(alice, name="seen"), vmid=108)
    bind(make_vps(alice, name="just bound"), vmid=109, power="unknown", identity="")
    assert troubles(admin) == {"unseen": "dark: pve2"}
    assert names(admin, "unseen") == ["dark"]
    assert lines(admin)["unseen"].age == days_since()


def test_attention_does_not_say_that_all_is_well_to_who_may_not_look_at_all(admin: Any, as_user: Any, db: None) -> None:
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename="view_operation"))
    assert "All well: clusters answer" in admin.get("/admin/").content.decode()
    page = as_user(dave).get("/admin/").content.decode()
    assert "All well" not in page
    assert "Nothing of what you can see." in page


def test_attention_says_why_a_server_is_not_bound(admin: Any, alice: Any, make_vps: Any) -> None:
    """A1."""
    vps = make_vps(alice, name="shop")
    WhyUnbound.objects.write({vps.pk: ("former_owner", "main / qemu/107")})
    assert troubles(admin) == {"unbound": "the guest was another customer's"}
    why = "the guest was another customer's (main / qemu/107)"
    in_list = lines(admin)["unbound"].address
    assert why in read(admin, in_list)
    assert f'title="not bound: {why}"' in unescape(admin.get(unescape(in_list)).content.decode())
    assert f"not bound: {why}" in read(admin, f"/admin/vps/vps/{vps.pk}/change/")


def test_attention_names_a_cluster_that_is_registered_twice(admin: Any, cluster: Cluster) -> None:
    """A2."""
    twin = Cluster.objects.create(name="twin", hosts=["b"], token_id="a@b!c", token_secret="s", same_as=cluster)
    assert "twin is the same as main" in troubles(admin)["clusters-registered-twice"]
    page = admin.get(f"/admin/vps/cluster/{twin.pk}/health/").content.decode()
    assert "This is the cluster “main”, registered a second time." in page


UNENFORCED = "suspended-and-not-stopped"
SWITCHED_ON = "suspended-and-on"


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
    assert listed[UNENFORCED] == "homeless, on"
    assert lines(admin)[UNENFORCED].age == "1 h"
    assert SWITCHED_ON not in listed, "told of once"
    assert rows(admin, lines(admin)[UNENFORCED].address) == [vps, unbound]


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
    assert troubles(admin) == {SWITCHED_ON: "on"}
