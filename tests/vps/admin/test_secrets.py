"""Where a cluster's secret goes, and who may send it there: staff at the form, and a listener of their own."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from tests.conftest import person
from tests.simulated import simulated
from tests.vps.conftest import registered
from tests.vps.hypervisor.proxmox.impostor import http_answer, impostor
from vps import operations, tasks
from vps.db.encrypted import decrypt
from vps.models import Cluster, Event, Operation
from vps.services.reconcile import reconcile

__all__ = ["impostor", "simulated"]

SECRET = "not-a-real-secret"
PIN = ":".join(["AB"] * 32)


@pytest.fixture(autouse=True)
def local_clusters(settings: Any) -> None:
    settings.CLUSTERS_ALLOW_LOCAL = True


def form_of(cluster: Cluster, **changes: str) -> dict[str, str]:
    """As the page has it: the secret's field is empty."""
    written = {"name": cluster.name, "hypervisor": "proxmox", "is_active": "on", "hosts": "\n".join(cluster.hosts)}
    trusted = {"token_id": cluster.token_id, "fingerprint": cluster.fingerprint, "ca_pem": cluster.ca_pem}
    return written | trusted | {"token_secret": ""} | changes


def save(admin: Any, cluster: Cluster, **changes: str) -> Any:
    return admin.post(f"/admin/vps/cluster/{cluster.pk}/change/", form_of(cluster, **changes))


def keeper(as_user: Any) -> Any:
    dave = person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename__in=["view_cluster", "change_cluster"]))
    return as_user(dave)


def test_cluster_admin_sends_the_stored_secret_to_no_listener_of_the_staffs_own(
    as_user: Any, cluster: Cluster, impostor: Any
) -> None:
    """D1: "Test connection" after a change of hosts and fingerprint, with the secret left empty."""
    received: list[bytes] = []

    def listen(connection: Any) -> None:
        received.append(b"called")
        connection.sendall(http_answer(b"{}"))

    staff, host = keeper(as_user), impostor.answering(listen)
    answer = save(staff, cluster, hosts=host, fingerprint=impostor.fingerprint)
    assert "token_secret" in answer.context["adminform"].form.errors
    staff.post(f"/admin/vps/cluster/{cluster.pk}/test/")
    reconcile(cluster.pk)
    assert received == []
    assert save(staff, cluster, hosts=host, fingerprint=impostor.fingerprint, token_secret="typed").status_code == 302
    staff.post(f"/admin/vps/cluster/{cluster.pk}/test/")
    reconcile(cluster.pk)
    assert received
    assert decrypt(Cluster.objects.get().token_secret) == "typed"


@pytest.mark.parametrize(
    "changes",
    [
        {"hosts": "pve9.example.com"}, {"hosts": "127.0.0.1:1\npve9.example.com"}, {"fingerprint": PIN},
        {"token_id": "other@pve!portal"}, {"hosts": "pve9.example.com", "name": "copy", "_saveasnew": "1"},
    ],
)  # fmt: skip
def test_cluster_admin_asks_for_the_secret_where_a_change_is_about_where_it_goes(
    admin: Any, cluster: Cluster, changes: Any
) -> None:
    """D1."""
    before = Cluster.objects.values().get()
    answer = save(admin, cluster, **changes)
    assert "token_secret" in answer.context["adminform"].form.errors
    assert Cluster.objects.values().get() == before
    assert save(admin, cluster, token_secret="anew", **changes).status_code == 302


def test_cluster_admin_counts_a_certificate_as_a_change_but_not_the_ends_of_its_lines(
    admin: Any, cluster: Cluster, simulated: Any
) -> None:
    """D1: a browser sends back what it was given with other ends of lines."""
    pem = simulated.pem.read_text()
    Cluster.objects.update(ca_pem=pem.strip())
    cluster.refresh_from_db()
    assert save(admin, cluster, ca_pem=pem.replace("\n", "\r\n")).status_code == 302
    cluster.refresh_from_db()
    answer = save(admin, cluster, ca_pem="")
    assert "token_secret" in answer.context["adminform"].form.errors


def test_cluster_admin_asks_for_no_secret_and_logs_none_where_a_change_leaves_it_where_it_is(
    admin: Any, cluster: Cluster
) -> None:
    for changes in ({"name": "renamed"}, {"is_active": ""}, {"name": "main"}):
        form = {name: value for name, value in form_of(cluster, **changes).items() if value or name != "is_active"}
        assert admin.post(f"/admin/vps/cluster/{cluster.pk}/change/", form).status_code == 302
    assert decrypt(Cluster.objects.get().token_secret) == SECRET
    entries = " ".join(entry.get_change_message() for entry in LogEntry.objects.all())
    assert "ecret" not in entries
    assert "osts" not in entries


LOCAL = ["127.0.0.1:6379", "localhost:8006", "LocalHost:6379", "[::1]", "[::ffff:7f00:1]:6379"]
NEVER = ["169.254.169.254", "[::ffff:a9fe:a9fe]", "[fe80::1]", "0.0.0.0:1", "224.0.0.1"]
DISGUISED = ["2130706433", "0x7f.1:6379", "127.1", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", [*LOCAL, *NEVER, *DISGUISED])
def test_cluster_admin_refuses_this_machine_and_a_link_as_hosts(
    admin: Any, cluster: Cluster, settings: Any, host: str
) -> None:
    """D2: and what hides an address is no host at all, wherever local ones are allowed."""
    for is_allowed in (False, True):
        settings.CLUSTERS_ALLOW_LOCAL = is_allowed
        answer = save(admin, cluster, hosts=host, token_secret="s")
        if is_allowed and host in LOCAL:
            assert answer.status_code == 302
        else:
            assert "hosts" in answer.context["adminform"].form.errors


@pytest.mark.parametrize("host", ["10.0.0.5", "192.168.1.2:8006", "[fd00::5]:8006", "pve1"])
def test_cluster_admin_allows_private_addresses_as_hosts(
    admin: Any, cluster: Cluster, settings: Any, host: str
) -> None:
    settings.CLUSTERS_ALLOW_LOCAL = False
    assert save(admin, cluster, hosts=host, token_secret="s").status_code == 302


def test_cluster_admin_quotes_nothing_of_what_is_no_proxmox_ve(admin: Any, cluster: Cluster, impostor: Any) -> None:
    """D2."""
    page = http_answer(b"<html>salaries of everybody</html>", "404 salaries")
    host = impostor.answering(page)
    save(admin, cluster, hosts=host, fingerprint=impostor.fingerprint, token_secret="s")
    reconcile(cluster.pk)
    for path in (f"/admin/vps/cluster/{cluster.pk}/health/", "/admin/"):
        shown = admin.get(path).content.decode()
        assert "not recognisably of Proxmox VE" in shown
        assert "salaries" not in shown


# A secret that cannot be decrypted


@pytest.fixture
def without_key(settings: Any) -> None:
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]


def test_wrong_field_key_leaves_customers_their_states_and_staff_see_why(
    request: Any, admin: Any, as_user: Any, with_token: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    """B15: it was a 500 on every page of every customer."""
    vps = make_vps(alice)
    bind(vps)
    request.getfixturevalue("without_key")
    pages, program = as_user(alice), with_token(alice)
    for path in ("/", f"/vps/{vps.pk}/", f"/vps/{vps.pk}/row/", f"/vps/{vps.pk}/status/"):
        answer = pages.get(path)
        assert (answer.status_code, "Running" in answer.content.decode()) == (200, True)
    assert program.get(f"/api/vps/{vps.pk}").json()["vps"]["status"] == "running"
    assert program.get(f"/api/vps/{vps.pk}/stats").status_code == 200
    assert reconcile(cluster.pk) == 0
    for path in ("/admin/", f"/admin/vps/cluster/{cluster.pk}/change/", "/admin/vps/cluster/"):
        assert (
            "the secret of its token: it was encrypted with a key that is not among" in admin.get(path).content.decode()
        )
    assert save(admin, cluster, token_secret="written anew").status_code == 302
    assert Cluster.objects.get().credentials()["secret"] == "written anew"


def test_wrong_field_key_lets_an_operation_wait_and_go_on_once_the_key_is_back(
    alice: Any, make_vps: Any, bind: Any, simulated: Any, settings: Any
) -> None:
    """B15: no worker falls over, nothing is sent, and nothing is lost."""
    simulated.add("qemu", 100, power="stopped")
    made = registered(simulated.access())
    vps = make_vps(alice, status="stopped")
    bind(vps, cluster=made, identity="")
    keys = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    operation = operations.request(vps, "start", by=alice, source="page")
    operations.work(made.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.step, operation.attempts) == ("queued", "silent", 0)
    assert "FIELD_KEYS" in operation.error_detail
    assert simulated.commands(100) == []
    settings.FIELD_KEYS = keys
    made.ask_at_once()
    reconcile(made.pk)
    operations.work(made.pk)
    assert simulated.commands(100) == ["start"]


def test_wrong_field_key_lets_an_operation_end_at_its_deadline(
    alice: Any, make_vps: Any, bind: Any, cluster: Cluster, without_key: None
) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps)
    operation = operations.request(vps, "start", by=alice, source="page")
    operations.work(cluster.pk)
    Operation.objects.update(deadline_at=operation.created_at, due_at=operation.created_at)
    operations.work(cluster.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == ("failed", "hypervisor_unavailable")
    assert Event.objects.filter(type="operation.failed").count() == 1


def test_wrong_field_key_fails_no_task_of_the_workers(
    alice: Any, make_vps: Any, bind: Any, cluster: Cluster, without_key: None
) -> None:
    """B15: each asks the cluster in its own way."""
    make_vps(alice, name="unbound")
    bound = make_vps(alice, name="bound")
    placement = bind(bound)
    tasks.reconcile_one(cluster.pk)
    cluster.ask_at_once()
    tasks.bind_by_name()
    tasks.find_addresses()
    tasks.identify(placement.pk)
    tasks.fetch_history(bound.pk, "hour")
    tasks.watch(cluster.pk, "pve1")
    assert as_seen(cluster) == (True, "the secret of its token")


def as_seen(cluster: Cluster) -> tuple[bool, str]:
    """Whether it is unreachable, and the beginning of why."""
    now = Cluster.objects.get(pk=cluster.pk)
    return now.unreachable_since is not None, now.failure.partition(":")[0]
