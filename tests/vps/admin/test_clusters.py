"""Clusters and their guests in the staff's admin."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from tests.vps.admin.reading import words
from vps import observations
from vps.db.encrypted import decrypt
from vps.models import Cluster, ClusterNode, Event, Placement

SECRET = "not-a-real-secret"
CLUSTER_FORM = {
    "name": "main",
    "hypervisor": "proxmox",
    "is_active": "on",
    "hosts": "pve1.example.com\n[2001:db8::1]:8006",
    "token_id": "panel@pve!portal",
    "token_secret": "",
    "fingerprint": "",
    "ca_pem": "",
}


def test_cluster_admin_never_shows_a_secret_that_it_was_given(admin: Any, cluster: Cluster) -> None:
    address = f"/admin/vps/cluster/{cluster.pk}/change/"
    assert admin.post(address, CLUSTER_FORM | {"token_secret": SECRET}).status_code == 302
    cluster.refresh_from_db()
    assert cluster.hosts == ["pve1.example.com", "[2001:db8::1]:8006"]
    assert admin.post(address, CLUSTER_FORM | {"name": "renamed"}).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.name, decrypt(cluster.token_secret)) == ("renamed", SECRET), "left empty, it is kept"
    admin.post(address, CLUSTER_FORM | {"token_secret": "a-new-secret"})
    cluster.refresh_from_db()
    assert decrypt(cluster.token_secret) == "a-new-secret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT token_secret FROM clusters")
        assert "a-new-secret" not in cursor.fetchone()[0]
    for path in ("change/", "history/", "health/", "guests/"):
        assert "a-new-secret" not in admin.get(f"/admin/vps/cluster/{cluster.pk}/{path}").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hosts", "https://pve1/"), ("hosts", "a b"), ("token_id", "panel@pve"), ("fingerprint", "AB:CD"),
        ("ca_pem", "-----BEGIN CERTIFICATE-----"), ("hypervisor", "xen"), ("token_secret", ""),
    ],
)  # fmt: skip
def test_cluster_admin_names_a_new_clusters_wrong_values_at_their_fields(admin: Any, field: str, value: str) -> None:
    answer = admin.post("/admin/vps/cluster/add/", CLUSTER_FORM | {"token_secret": "s"} | {field: value})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Cluster.objects.exists()


def test_cluster_admin_does_not_delete_a_cluster_with_guests(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    bind(make_vps(alice))
    admin.post(f"/admin/vps/cluster/{cluster.pk}/delete/", {"post": "yes"})
    assert Cluster.objects.exists()


def test_cluster_admin_tests_the_connection_without_waiting(admin: Any, cluster: Cluster) -> None:
    """Nothing answers at this cluster's address: a request that called it would not be answered with its old health."""
    page = admin.post(f"/admin/vps/cluster/{cluster.pk}/test/", follow=True).content.decode()
    assert "The cluster is being asked" in page
    assert "Reachable." in page


def store_listed(cluster: Cluster, *guests: tuple[int, str]) -> None:
    plain = {"kind": "qemu", "node": "pve1", "power": "stopped", "is_template": False}
    store_guests(cluster, [plain | {"guest": str(vmid), "name": name} for vmid, name in guests])


def store_guests(cluster: Cluster, guests: list[dict[str, Any]]) -> None:
    observations.store_guests(cluster.pk, [tuple(map(one.get, observations.GUEST_FIELDS)) for one in guests])


def test_cluster_admin_lists_guests_with_suggestions_by_name_and_binds_them(
    admin: Any, carol: Any, alice: Any, make_vps: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice, name="web-01")
    store_listed(cluster, (107, "web-01"), (108, "other"))
    page = admin.get(f"/admin/vps/cluster/{cluster.pk}/guests/").content.decode()
    assert f"★ web-01 #{vps.pk}" in page
    admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"guest": "107", "vps": str(vps.pk)})
    placement = Placement.objects.get()
    assert (placement.vps, placement.vmid, placement.node) == (vps, 107, "pve1")
    event = Event.objects.get()
    assert (event.type, event.by, event.source) == ("vps.bound", carol, "admin")


def test_bind_is_not_done_to_a_guest_that_the_cluster_has_not_listed(
    admin: Any, alice: Any, make_vps: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice)
    assert "is being asked" in admin.get(f"/admin/vps/cluster/{cluster.pk}/guests/").content.decode()
    admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"guest": "107", "vps": str(vps.pk)})
    assert not Placement.objects.exists()


@pytest.mark.parametrize(
    ("guest", "text"),
    [
        ({"cores": 8, "ram": 2048 * 1024**2}, "other cores or memory than were sold"),
        ({"cores": 2, "ram": 16384 * 1024**2}, "other cores or memory than were sold"),
        ({}, "Another customer had a guest of this number"),
    ],
)
def test_bind_says_first_what_speaks_against_a_guest(
    admin: Any, alice: Any, bob: Any, make_vps: Any, bind: Any, cluster: Cluster, guest: dict[str, Any], text: str
) -> None:
    """A1: staff may know better."""
    if not guest:
        Placement.objects.filter(pk=bind(make_vps(bob), vmid=107).pk).delete()
    vps = make_vps(alice, name="web-01")
    store_listed(cluster, (107, "web-01"))
    store_guests(cluster, [one | guest for one in observations.guests(cluster.pk) or []])
    form = {"guest": "107", "vps": str(vps.pk)}
    page = admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", form).content.decode()
    assert text in page
    assert not Placement.objects.exists()
    admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", form | {"confirmed": "1"})
    assert Placement.objects.get().vps == vps


def test_bind_is_refused_for_a_server_of_another_hypervisor(
    admin: Any, alice: Any, make_vps: Any, cluster: Cluster
) -> None:
    """The page does not offer it either, though the guest bears its name."""
    vps = make_vps(alice, name="web-01", hypervisor="kvm")
    store_listed(cluster, (107, "web-01"))
    page = admin.get(f"/admin/vps/cluster/{cluster.pk}/guests/").content.decode()
    assert "web-01" in page
    assert f"#{vps.pk}" not in page
    form = {"guest": "107", "vps": str(vps.pk), "confirmed": "1"}
    answer = admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", form, follow=True)
    assert "runs on another hypervisor" in answer.content.decode()
    assert not Placement.objects.exists()


def test_bind_is_refused_for_a_guest_that_is_bound_already(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    bind(make_vps(alice, name="first"), vmid=107)
    second = make_vps(alice, name="second")
    store_listed(cluster, (107, "first"))
    answer = admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"guest": "107", "vps": str(second.pk)}, follow=True)
    assert "bound to another server already" in answer.content.decode()
    assert Placement.objects.count() == 1


def test_cluster_admin_shows_no_secret_to_who_may_only_look(as_user: Any, bob: Any, cluster: Cluster) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_cluster"))
    answer = as_user(bob).get(f"/admin/vps/cluster/{cluster.pk}/change/")
    assert answer.status_code == 200
    assert cluster.name in answer.content.decode()
    assert SECRET not in answer.content.decode()


# How a cluster and its nodes are

SINCE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
# The year is named once it is another.
ON_THAT_DAY = "2 January( 2026)?, 03:04 UTC"


def fail(row: Any, *, failures: int = 3, again_in: int = 60) -> str:
    """Returns the time at which it is asked again, as the page writes it."""
    row.failures, row.failure, row.unreachable_since = failures, "No route to host", SINCE
    row.retry_at = timezone.now() + timedelta(seconds=again_in)
    row.save()
    return str(row.retry_at.strftime("%H:%M:%S UTC"))


def health(admin: Any, cluster: Cluster, path: str = "health/") -> str:
    """As it is read, on the page or as the fragment that is fetched anew."""
    page = admin.get(f"/admin/vps/cluster/{cluster.pk}/{path}").content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.mark.parametrize("path", ["health/", "change/"])
def test_cluster_admin_says_since_when_a_cluster_is_unreachable_why_and_when_it_is_asked_again(
    admin: Any, cluster: Cluster, path: str
) -> None:
    again_at = fail(cluster)
    text = health(admin, cluster, path)
    assert re.search(rf"Unreachable since {ON_THAT_DAY} . No route to host", text)
    assert f"Failures in a row: 3. Asked again at {again_at}." in text
    assert "Reachable." not in text


@pytest.mark.parametrize("path", ["health/", "change/"])
def test_cluster_admin_says_the_same_of_an_unreachable_node_below_a_cluster_that_answers(
    admin: Any, cluster: Cluster, path: str
) -> None:
    ClusterNode.objects.create(cluster=cluster, name="pve3")
    again_at = fail(ClusterNode(cluster=cluster, name="pve2"), failures=5)
    text = health(admin, cluster, path)
    assert "Reachable." in text
    assert re.search(rf"pve2 : unreachable since {ON_THAT_DAY} . No route to host", text)
    assert f"Failures in a row: 5. Asked again after {again_at}." in text
    assert "pve3" not in text


def test_cluster_admin_names_no_time_that_is_over_for_what_is_due_to_be_asked(admin: Any, cluster: Cluster) -> None:
    fail(cluster, again_in=-1)
    fail(ClusterNode(cluster=cluster, name="pve2"), again_in=-1)
    text = health(admin, cluster)
    assert "Asked again in a moment." in text
    assert "Asked again with the next call." in text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "Reachable. Last heard at"),
        ({"seen_at": None}, "Not asked yet."),
        ({"seen_at": SINCE}, f"Not heard since {ON_THAT_DAY}"),
        ({"seen_at": SINCE, "is_active": False}, "It is not in use, so only"),
    ],
)
def test_cluster_admin_says_that_a_cluster_is_reachable_while_that_is_news(
    admin: Any, cluster: Cluster, columns: Any, words: str
) -> None:
    Cluster.objects.update(**columns)
    text = health(admin, cluster)
    assert re.search(words, text)
    assert ("Reachable." in text) == (not columns)


def test_cluster_admin_lists_which_clusters_and_which_of_their_nodes_are_unreachable(
    admin: Any, cluster: Cluster
) -> None:
    fail(ClusterNode(cluster=cluster, name="pve2"))
    fail(ClusterNode(cluster=cluster, name="pve3"))
    second = Cluster.objects.create(name="second", hosts=["127.0.0.1:1"], token_id="a@pve!b", token_secret="s")
    fail(second)
    page = admin.get("/admin/vps/cluster/").content.decode()
    assert re.findall(r'field-unreachable_nodes">(.*?)<', page) == ["pve2, pve3", "—"]
    healths = re.findall(r'field-health">(.*?)</td>', page)
    assert [words(health) for health in healths] == ["reachable", "unreachable since 2 Jan, 03:04"]


def test_cluster_admin_list_costs_the_same_queries_for_one_and_for_ten(
    admin: Any, cluster: Cluster, django_assert_num_queries: Any
) -> None:
    fail(ClusterNode(cluster=cluster, name="pve2"))
    with django_assert_num_queries(7):
        admin.get("/admin/vps/cluster/")
    for number in range(9):
        more = Cluster.objects.create(name=f"c{number}", hosts=["127.0.0.1:1"], token_id="a@pve!b", token_secret="s")
        fail(ClusterNode(cluster=more, name="pve2"))
    with django_assert_num_queries(7):
        admin.get("/admin/vps/cluster/")


def test_cluster_admin_tests_a_connection_whatever_pause_earlier_failures_have_set(
    admin: Any, cluster: Cluster
) -> None:
    fail(cluster, again_in=600)
    node = ClusterNode(cluster=cluster, name="pve2")
    fail(node, again_in=600)
    other = Cluster.objects.create(name="second", hosts=["127.0.0.1:1"], token_id="a@pve!b", token_secret="s")
    fail(other, again_in=600)
    admin.post(f"/admin/vps/cluster/{cluster.pk}/test/")
    assert cluster.admit_call()
    assert node.admit_call()
    assert not other.admit_call()


# A2: registered twice


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hosts", "PVE1.example.com"),
        ("hosts", "other.example.com\npve1.example.com:8006"),
        ("fingerprint", ":".join(["aa"] * 32)),
        ("fingerprint", ":".join(["bb"] * 32)),
    ],
)
def test_cluster_admin_does_not_register_a_cluster_again_under_another_name(
    admin: Any, cluster: Cluster, field: str, value: str
) -> None:
    """A2: by a host, by its pin, or by the certificate of another node, as it told of it."""
    found = {"fingerprint": ":".join(["AA"] * 32), "certificates": [f"PVE2 {':'.join(['BB'] * 32)}"]}
    Cluster.objects.filter(pk=cluster.pk).update(hosts=["pve1.example.com"], **found)
    form = {"name": "twin", "hypervisor": "proxmox", "is_active": "on", "hosts": "pve9.example.com"}
    form |= {"token_id": "panel@pve!portal", "token_secret": "s", "fingerprint": "", "ca_pem": ""}
    page = admin.post("/admin/vps/cluster/add/", form | {field: value}).content.decode()
    assert "This is the cluster “main”, which is registered already." in page
    assert Cluster.objects.count() == 1


def test_cluster_admin_forgets_what_a_cluster_said_of_itself_when_its_hosts_change(
    admin: Any, cluster: Cluster
) -> None:
    """A2: another one may stand there now."""
    Cluster.objects.filter(pk=cluster.pk).update(certificates=["PVE1 AA"], identified_at=SINCE)
    form = {"name": "main", "hypervisor": "proxmox", "is_active": "on", "hosts": "pve9.example.com"}
    form |= {"token_id": "panel@pve!portal", "token_secret": "s", "fingerprint": "", "ca_pem": ""}
    admin.post(f"/admin/vps/cluster/{cluster.pk}/change/", form)
    changed = Cluster.objects.get()
    assert (changed.hosts, changed.certificates, changed.identified_at) == (["pve9.example.com"], [], None)
