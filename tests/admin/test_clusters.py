"""Clusters and their guests in the staff's admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from vps import snapshots
from vps.models import Cluster, Event, Placement

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


def test_a_clusters_secret_goes_in_and_never_comes_out(admin: Any, cluster: Cluster) -> None:
    address = f"/admin/vps/cluster/{cluster.pk}/change/"
    assert admin.post(address, CLUSTER_FORM).status_code == 302
    cluster.refresh_from_db()
    assert cluster.token_secret == SECRET, "left empty, it is kept"
    assert cluster.hosts == ["pve1.example.com", "[2001:db8::1]:8006"]
    admin.post(address, CLUSTER_FORM | {"token_secret": "a-new-secret"})
    cluster.refresh_from_db()
    assert cluster.token_secret == "a-new-secret"
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
def test_a_new_clusters_wrong_values_are_named_at_their_fields(admin: Any, field: str, value: str) -> None:
    answer = admin.post("/admin/vps/cluster/add/", CLUSTER_FORM | {"token_secret": "s"} | {field: value})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Cluster.objects.exists()


def test_a_cluster_with_guests_is_not_deleted(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    bind(make_vps(alice))
    admin.post(f"/admin/vps/cluster/{cluster.pk}/delete/", {"post": "yes"})
    assert Cluster.objects.exists()


def test_the_connection_is_tested_without_waiting(admin: Any, cluster: Cluster) -> None:
    """Nothing answers at this cluster's address: a request that called it would not be answered with its old health."""
    page = admin.post(f"/admin/vps/cluster/{cluster.pk}/test/", follow=True).content.decode()
    assert "The cluster is being asked" in page
    assert "Reachable." in page


def heard(cluster: Cluster, *guests: tuple[int, str]) -> None:
    listed = [
        {"kind": "qemu", "vmid": vmid, "node": "pve1", "name": name, "power": "stopped", "is_template": False}
        for vmid, name in guests
    ]
    snapshots.store_guests(cluster.pk, listed)


def test_guests_are_listed_with_suggestions_by_name_and_bound(
    admin: Any, carol: Any, alice: Any, make_vps: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice, name="web-01")
    heard(cluster, (107, "web-01"), (108, "other"))
    page = admin.get(f"/admin/vps/cluster/{cluster.pk}/guests/").content.decode()
    assert f"★ web-01 #{vps.pk}" in page
    admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"vmid": "107", "vps": str(vps.pk)})
    placement = Placement.objects.get()
    assert (placement.vps, placement.vmid, placement.node) == (vps, 107, "pve1")
    event = Event.objects.get()
    assert (event.type, event.by, event.source) == ("vps.bound", carol, "admin")


def test_a_guest_that_was_not_heard_of_is_not_bound(admin: Any, alice: Any, make_vps: Any, cluster: Cluster) -> None:
    vps = make_vps(alice)
    assert "is being asked" in admin.get(f"/admin/vps/cluster/{cluster.pk}/guests/").content.decode()
    admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"vmid": "107", "vps": str(vps.pk)})
    assert not Placement.objects.exists()


def test_a_guest_is_bound_once(admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster) -> None:
    bind(make_vps(alice, name="first"), vmid=107)
    second = make_vps(alice, name="second")
    heard(cluster, (107, "first"))
    answer = admin.post(f"/admin/vps/cluster/{cluster.pk}/bind/", {"vmid": "107", "vps": str(second.pk)}, follow=True)
    assert "bound to another server already" in answer.content.decode()
    assert Placement.objects.count() == 1


def test_who_may_only_look_at_clusters_sees_no_secret(as_user: Any, bob: Any, cluster: Cluster) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_cluster"))
    answer = as_user(bob).get(f"/admin/vps/cluster/{cluster.pk}/change/")
    assert answer.status_code == 200
    assert cluster.name in answer.content.decode()
    assert cluster.token_secret not in answer.content.decode()
