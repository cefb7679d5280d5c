"""B11, B19, B20: a list that is short without an error, and what the cluster says that its token may do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from vps.guests import GuestRef, Kind
from vps.hypervisor.base import Need
from vps.hypervisor.proxmox.rights import Rights
from vps.models import Cluster, Event, Placement, Vps
from vps.services import binding
from vps.services.reconcile import reconcile

ALL = ["VM.Audit", "VM.PowerMgmt", "VM.GuestAgent.Audit"]
LIST = "/cluster/resources"
EMPTY: dict[str, Any] = {"data": []}


@pytest.fixture
def servers(server: Any, real_cluster: Cluster) -> list[Vps]:
    """Five of them, seen to run."""
    made = [server(power="running", vmid=vmid) for vmid in range(100, 105)]
    reconcile(real_cluster.pk)
    return made


def shown() -> list[str]:
    return [vps.shown.word for vps in Vps.objects.with_state().order_by("pk")]


def doubt() -> Any:
    return Cluster.objects.get().doubt


def test_reconcile_calls_no_server_gone_because_the_token_has_lost_its_rights(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, as_user: Any, carol: Any, with_token: Any, alice: Any
) -> None:
    simulated.grant([])
    for _ in range(3):
        reconcile(real_cluster.pk)
    assert shown() == ["unknown"] * 5
    assert not Placement.objects.filter(missing_since__isnull=False).exists()
    assert not Event.objects.exists()
    assert doubt() == {"why": "no_rights", "unseen": 5, "bound": 5}
    answer = with_token(alice).post(f"/api/vps/{servers[0].pk}/stop", content_type="application/json")
    assert answer.status_code in (202, 503), "it is not said to be gone"
    admin = as_user(carol)
    sentence = "It lists none of its 5 guests. Its token may not see them: VM.Audit is missing."
    for page in ("/admin/", f"/admin/vps/cluster/{real_cluster.pk}/health/", "/admin/vps/cluster/"):
        assert sentence in admin.get(page).content.decode(), page
    guests = admin.get(f"/admin/vps/cluster/{real_cluster.pk}/guests/").content.decode()
    assert sentence in guests, "an empty list is not all that is said there"
    simulated.grant(ALL)
    reconcile(real_cluster.pk)
    assert shown() == ["running"] * 5
    assert doubt() is None
    assert "is not believed" not in admin.get("/admin/").content.decode()


def test_reconcile_calls_no_server_gone_by_a_list_older_than_the_rights_given_back(
    servers: list[Vps], simulated: Any, real_cluster: Cluster
) -> None:
    """B19: the list is read before the rights are, and some of the guests are in it already."""
    simulated.grant([])
    reconcile(real_cluster.pk)
    assert doubt()["why"] == "no_rights"
    simulated.grant(ALL)
    listed = simulated.api("GET", LIST).json()["data"]
    older = [row for row in listed if row.get("vmid") != 102]
    assert len(older) == len(listed) - 1
    simulated.answer("GET", LIST, 200, body={"data": older}, times=1)
    reconcile(real_cluster.pk)
    assert not Placement.objects.filter(missing_since__isnull=False).exists()
    assert shown() == ["running", "running", "unknown", "running", "running"]
    assert doubt()["unseen"] == 1
    reconcile(real_cluster.pk)
    assert (shown(), doubt()) == (["running"] * 5, None)
    assert not Event.objects.exists()


def test_reconcile_doubts_no_more_than_the_guests_that_the_token_may_not_see_any_more(
    servers: list[Vps], simulated: Any, real_cluster: Cluster
) -> None:
    """Moved out of its pool, say; and one that is deleted at the same time is gone."""
    simulated.grant({"/vms/100": ALL, "/vms/101": ALL, "/vms/103": ALL, "/vms/104": ALL})
    simulated.call("DELETE", "guests/104")
    reconcile(real_cluster.pk)
    assert doubt() == {"why": "no_rights", "unseen": 1, "bound": 5}
    missing = Placement.objects.filter(missing_since__isnull=False)
    assert list(missing.values_list("vmid", flat=True)) == [104]
    assert shown() == ["running", "running", "unknown", "running", "unknown"]
    assert Placement.objects.get(vmid=102).missing_since is None


def test_reconcile_does_not_believe_a_list_at_once_that_collapses_though_the_token_may_see_all(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, as_user: Any, carol: Any
) -> None:
    simulated.answer("GET", LIST, 200, body=EMPTY)
    reconcile(real_cluster.pk)
    assert doubt()["why"] == "collapsed"
    assert shown() == ["unknown"] * 5
    page = as_user(carol).get("/admin/").content.decode()
    assert "It lists none of its 5 guests. They have left the list all at once" in page
    a_minute_later()
    reconcile(real_cluster.pk)
    assert doubt()["why"] == "collapsed", "they answer, so the list is wrong however long it says so"
    assert not Event.objects.exists()
    simulated.answer_truly()
    reconcile(real_cluster.pk)
    assert (shown(), doubt()) == (["running"] * 5, None)


def a_minute_later() -> None:
    Cluster.objects.update(doubted_since=F("doubted_since") - timedelta(seconds=61))


def test_reconcile_calls_guests_gone_a_minute_later_where_all_of_them_really_are(
    servers: list[Vps], simulated: Any, real_cluster: Cluster
) -> None:
    for vmid in range(100, 105):
        simulated.call("DELETE", f"guests/{vmid}")
    reconcile(real_cluster.pk)
    assert (shown(), doubt()["unseen"]) == (["unknown"] * 5, 5)
    assert not Event.objects.exists()
    a_minute_later()
    reconcile(real_cluster.pk)
    assert Event.objects.filter(type="vps.missing").count() == 5
    assert doubt() is None


def test_reconcile_calls_one_guest_of_many_gone_at_once(
    servers: list[Vps], simulated: Any, real_cluster: Cluster
) -> None:
    simulated.call("DELETE", "guests/102")
    reconcile(real_cluster.pk)
    assert Event.objects.get().type == "vps.missing"
    assert doubt() is None


def test_reconcile_calls_no_server_gone_where_the_cluster_does_not_say_what_the_token_may(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, as_user: Any, carol: Any
) -> None:
    simulated.answer("GET", "/access/permissions", 500, "got timeout")
    simulated.call("DELETE", "guests/102")
    reconcile(real_cluster.pk)
    assert doubt() == {"why": "not_told", "unseen": 1, "bound": 5}
    Cluster.objects.update(lacking=None)
    health = as_user(carol).get(f"/admin/vps/cluster/{real_cluster.pk}/health/").content.decode()
    assert "What its token may do is not known" in health
    assert not Event.objects.exists()
    simulated.answer_truly()
    reconcile(real_cluster.pk)
    reconcile(real_cluster.pk)
    assert Event.objects.get().type == "vps.missing"


def test_reconcile_asks_a_healthy_cluster_for_its_rights_once_in_ten_minutes(
    servers: list[Vps], simulated: Any, real_cluster: Cluster
) -> None:
    simulated.forget_load()
    for _ in range(3):
        reconcile(real_cluster.pk)
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 3}
    Cluster.objects.update(rights_asked_at=F("rights_asked_at") - timedelta(minutes=11))
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"]["GET /access/permissions"] == 1


def test_bind_by_name_binds_nothing_by_a_list_that_is_not_believed(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, alice: Any, make_vps: Any
) -> None:
    """A second guest of the name may be among those that it leaves out."""
    for vmid in (201, 202):
        simulated.add("qemu", vmid, name="web", cores=1, memory_mb=1024)
    make_vps(alice, name="web", cpu=1, ram=1024)
    simulated.grant({f"/vms/{vmid}": ALL for vmid in (100, 201)})
    reconcile(real_cluster.pk)
    assert doubt()["unseen"] == 4
    assert binding.bind_by_name() == 0
    simulated.grant(ALL)
    simulated.call("DELETE", "guests/202")
    reconcile(real_cluster.pk)
    assert doubt() is None
    assert binding.bind_by_name() == 1


# What a token lacks

LACKS = {
    "VM.Audit": "they are not seen at all",
    "VM.PowerMgmt": "they cannot be started, stopped or rebooted",
    "VM.GuestAgent.Audit": "the addresses of virtual machines are not learnt",
}


@pytest.mark.parametrize("privilege", LACKS)
def test_cluster_admin_names_what_the_token_lacks_and_what_will_not_work(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, as_user: Any, carol: Any, privilege: str
) -> None:
    admin, health = as_user(carol), f"/admin/vps/cluster/{real_cluster.pk}/health/"
    assert "may do all that the panel needs" in admin.get(health).content.decode()
    simulated.grant([name for name in ALL if name != privilege])
    admin.post(f"/admin/vps/cluster/{real_cluster.pk}/test/")
    reconcile(real_cluster.pk)
    assert "Cluster whose token lacks privileges" in admin.get("/admin/").content.decode()
    for page in (health, "/admin/vps/cluster/"):
        assert f"{privilege} on 5 of 5 guests: {LACKS[privilege]}" in admin.get(page).content.decode()
    simulated.grant(ALL)
    admin.post(f"/admin/vps/cluster/{real_cluster.pk}/test/")
    reconcile(real_cluster.pk)
    assert "may do all that the panel needs" in admin.get(health).content.decode()


def test_rights_have_to_be_somewhere_before_anything_is_bound(simulated: Any, real_cluster: Cluster) -> None:
    simulated.grant({"/vms/100": ["VM.Audit"]})
    reconcile(real_cluster.pk)
    lacking = Cluster.objects.get().lacking
    assert [(lack["privilege"], lack["of"]) for lack in lacking] == [("VM.PowerMgmt", 0), ("VM.GuestAgent.Audit", 0)]


def test_stop_fails_at_once_as_denied_where_its_command_is_denied(
    servers: list[Vps], simulated: Any, real_cluster: Cluster, do: Any
) -> None:
    """B20: it was reached, and it said 403."""
    simulated.grant(["VM.Audit", "VM.GuestAgent.Audit"])
    operation = do(servers[0], "stop")
    assert (operation.state, operation.error_code) == ("failed", "hypervisor_denied")
    assert "VM.PowerMgmt" in operation.error_detail
    assert Cluster.objects.get().lacking == []
    reconcile(real_cluster.pk)
    assert [lack["privilege"] for lack in Cluster.objects.get().lacking] == ["VM.PowerMgmt"]


def test_stop_fails_as_denied_where_its_look_is_denied(servers: list[Vps], simulated: Any, alice: Any, do: Any) -> None:
    simulated.grant(["VM.PowerMgmt"])
    assert do(servers[0], "stop").error_code == "hypervisor_denied"


@pytest.mark.parametrize(
    ("granted", "may"),
    [
        ({"/vms": {"VM.Audit": 1}}, True),
        ({"/": {"VM.Audit": 1}}, True),
        ({"/vms/100": {"VM.Audit": 0}}, True),
        ({"/vms": {"VM.Audit": 0}}, False),
        ({"/vms": {"VM.Audit": 1}, "/vms/100": {"VM.PowerMgmt": 1}}, False),
        ({"/": {"VM.Audit": 1}, "/vms": {"VM.PowerMgmt": 1}}, False),
        ({"/vms/101": {"VM.Audit": 1}}, False),
        ({"/pool/a": {"VM.Audit": 1}}, False),
        ({"/pool/a": {"VM.Audit": 1}, "/vms/100": {"VM.Audit": 1}}, True),
        ({}, False),
    ],
)
def test_rights_count_on_the_guest_itself_or_from_above_where_they_are_inherited(
    granted: dict[str, dict[str, float]], may: bool
) -> None:
    assert Rights(granted).may(Need.SEE, GuestRef(Kind.VM, "100", "pve1")) is may


def test_rights_on_an_empty_pool_count_for_its_guests_to_come() -> None:
    assert Rights({"/pool/a": {"VM.Audit": 1}}).may(Need.SEE)
    assert not Rights({"/storage": {"VM.Audit": 1}}).may(Need.SEE)


def test_rights_to_see_a_container_are_rights_to_its_addresses() -> None:
    rights = Rights({"/vms": {"VM.Audit": 1}})
    assert rights.may(Need.ADDRESSES, GuestRef(Kind.CONTAINER, "100", "pve1"))
    assert not rights.may(Need.ADDRESSES, GuestRef(Kind.VM, "100", "pve1"))
    for name in ("VM.Monitor", "VM.GuestAgent.Unrestricted"):
        assert Rights({"/vms": {name: 1}}).may(Need.ADDRESSES, GuestRef(Kind.VM, "100", "pve1"))
