"""The staff's admin, as Carol uses it and as others try to."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.reading import lines, names, rows, troubles
from vps.models import Cluster, Event, Operation, Placement, Vps


def failed(vps: Vps, **columns: Any) -> Operation:
    now = timezone.now()
    defaults = {"state": "failed", "error_code": "vps_busy", "finished_at": now, "deadline_at": now, "source": "page"}
    made: Operation = Operation.objects.create(vps=vps, kind="reboot", **defaults | columns)
    return made


def select(admin: Any, action: str, *servers: Vps, **more: str) -> Any:
    form = {"action": action, "_selected_action": [vps.pk for vps in servers]} | more
    return admin.post("/admin/vps/vps/", form, follow=True)


def test_attention_says_when_all_is_well(admin: Any) -> None:
    assert "All well: clusters answer" in admin.get("/admin/").content.decode()


def test_attention_names_each_kind_of_trouble(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    bind(make_vps(alice, name="vanished"), vmid=100, missing_since=timezone.now())
    broken, late = make_vps(alice, name="broken", status="error"), make_vps(alice, name="late")
    bind(broken, vmid=101, power="stopped")
    bind(late, vmid=102)
    make_vps(alice, name="homeless")
    failed(broken, error_detail="VM is locked (backup)")
    failed(broken, error_code="superseded", error_detail="not worth a look")
    failed(late, state="running", error_code="", finished_at=None, deadline_at=timezone.now() - timedelta(minutes=1))
    Cluster.objects.filter(pk=cluster.pk).update(unreachable_since=timezone.now(), failure="Connection refused")
    assert troubles(admin) == {
        "unreachable-clusters": "main: Connection refused",
        "late-operations": "late",
        "failed-operations": "busy with a backup or another task",
        "gone": "vanished: main",
        "error": "broken",
        "unbound": "not looked for by name yet",
    }
    assert names(admin, "unbound") == ["homeless"]
    [operation] = rows(admin, lines(admin)["failed-operations"].address)
    assert operation.error_detail == "VM is locked (backup)"


@pytest.mark.parametrize("path", ["vps/vps", "vps/operation", "vps/event", "accounts/user"])
def test_admin_lists_cost_the_same_queries_for_one_and_for_thirty(
    admin: Any, make_vps: Any, bind: Any, django_assert_max_num_queries: Any, path: str
) -> None:
    for number in range(30):
        vps = make_vps(person(f"customer-{number}"))
        bind(vps, vmid=100 + number)
        Event.objects.record("operation.failed", vps, source="system", operation=failed(vps))
    with django_assert_max_num_queries(9):
        assert admin.get(f"/admin/{path}/").status_code == 200


@pytest.mark.parametrize("text", ["web-01", "192.0.2.7", "alice", "alice@example.com", "107"])
def test_vps_admin_finds_servers_by_name_address_owner_and_key(
    admin: Any, alice: Any, bob: Any, make_vps: Any, bind: Any, text: str
) -> None:
    bind(make_vps(alice, name="web-01", ip_address="192.0.2.7"), vmid=107)
    make_vps(bob, name="other")
    page = admin.get(f"/admin/vps/vps/?q={text}").content.decode()
    assert ">web-01</span></a>" in page
    assert ">other</span></a>" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("guest=unbound", "b"), ("guest=bound", "a"), ("guest=missing", "c"), ("guest=mistaken", "d"),
        ("status__exact=stopped", "b"),
    ],
)  # fmt: skip
def test_vps_admin_filters_servers(admin: Any, alice: Any, make_vps: Any, bind: Any, query: str, names: str) -> None:
    bind(make_vps(alice, name="a"), vmid=1001)
    make_vps(alice, name="b", status="stopped")
    bind(make_vps(alice, name="c"), vmid=1002, missing_since=timezone.now())
    bind(make_vps(alice, name="d"), vmid=1003, missing_since=timezone.now(), identity_mismatch="uuid-9")
    page = admin.get(f"/admin/vps/vps/?{query}").content.decode()
    assert [name for name in "abcd" if f">{name}</span></a>" in page] == list(names)


def test_vps_admin_requests_operations_of_many_and_shows_refusals(
    admin: Any, alice: Any, carol: Any, make_vps: Any, bind: Any
) -> None:
    good, suspended = make_vps(alice, name="good"), make_vps(alice, name="unpaid", status="suspended")
    bind(good)
    page = select(admin, "power_reboot", good, suspended, confirmed="1").content.decode()
    assert "1 operation is queued." in page
    assert "npaid: This server is suspended" in page
    operation = Operation.objects.get()
    assert (operation.vps, operation.kind, operation.requested_by, operation.source) == (good, "reboot", carol, "admin")


def test_vps_admin_asks_before_a_hard_operation(admin: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    assert "Like pulling the plug" in select(admin, "power_force_stop", vps).content.decode()
    assert not Operation.objects.exists()
    select(admin, "power_force_stop", vps, confirmed="1")
    assert Operation.objects.get().is_forced


def test_vps_admin_lets_staff_without_the_right_change_nothing(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice)
    bind(vps)
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename="view_vps"))
    staff = as_user(dave)
    assert staff.get("/admin/vps/vps/").status_code == 200
    select(staff, "power_reboot", vps)
    staff.post(f"/admin/vps/vps/{vps.pk}/unbind/", {"confirmed": "1"})
    assert staff.get(f"/admin/vps/cluster/{cluster.pk}/guests/").status_code == 403
    assert staff.post(f"/admin/vps/cluster/{cluster.pk}/bind/").status_code == 403
    assert not Operation.objects.exists()
    assert Placement.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "vps/vps/{vps}/change/",
        "vps/operation/{operation}/change/",
        "vps/vps/{vps}/delete/",
        "vps/operation/{operation}/delete/",
    ],
)
def test_admin_keeps_what_is_read_only_as_it_is_whatever_is_posted(
    admin: Any, alice: Any, bob: Any, make_vps: Any, path: str
) -> None:
    vps = make_vps(alice, name="kept")
    operation = failed(vps)
    before = list(Vps.objects.values()), list(Operation.objects.values())
    form = {"name": "changed", "status": "stopped", "user": bob.pk, "state": "succeeded", "post": "yes"}
    admin.post("/admin/" + path.format(vps=vps.pk, operation=operation.pk), form)
    assert (list(Vps.objects.values()), list(Operation.objects.values())) == before


def test_vps_admin_unbinds_a_server_once_staff_know_what_follows_and_its_history_stays(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    """A7."""
    vps = make_vps(alice)
    bind(vps)
    page = admin.post(f"/admin/vps/vps/{vps.pk}/unbind/").content.decode()
    assert "It is not bound by its name again" in page
    assert Placement.objects.exists()
    admin.post(f"/admin/vps/vps/{vps.pk}/unbind/", {"confirmed": "1"})
    assert not Placement.objects.exists()
    assert Event.objects.get().type == "vps.unbound"


def test_vps_admin_says_all_that_follows_before_it_unbinds_and_its_button_does_it(
    admin: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    """A7: what the page has in its form is what unbinds, and whoever follows its way back has unbound nothing."""
    vps = make_vps(alice, name="shop")
    bind(vps)
    page = admin.post(f"/admin/vps/vps/{vps.pk}/unbind/").content.decode()
    form = page[page.index("Unbind shop from its guest?") :]
    for sentence in ("nothing is stopped or deleted", "can neither start nor stop it", "under way ends as failed"):
        assert sentence in form
    assert f'href="/admin/vps/vps/{vps.pk}/change/"' in form
    assert Placement.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)">', form))
    admin.post(f"/admin/vps/vps/{vps.pk}/unbind/", hidden)
    assert not Placement.objects.exists()


def test_operation_admin_and_event_admin_show_the_history_of_a_deleted_server(
    admin: Any, alice: Any, make_vps: Any, main_site: Any
) -> None:
    vps = make_vps(alice)
    operation = failed(vps, error_detail="raw text for staff")
    main_site("delete", id=vps.pk)
    for path in ("operation/", "event/", f"operation/{operation.pk}/change/"):
        assert f"ID {vps.pk}, deleted" in admin.get(f"/admin/vps/{path}").content.decode()
    assert "raw text for staff" in admin.get(f"/admin/vps/operation/{operation.pk}/change/").content.decode()


def test_user_admin_adds_a_customer_who_can_log_in(admin: Any) -> None:
    form = {
        "username": "dora",
        "email": "Dora@example.com",
        "usable_password": "true",
        "password1": "quite long 1",
        "password2": "quite long 1",
    }
    assert admin.post("/admin/accounts/user/add/", form).status_code == 302
    body = {"username": "dora@EXAMPLE.com", "password": "quite long 1"}
    assert admin.post("/api/auth/login", body, content_type="application/json").status_code == 200


def test_user_admin_refuses_an_address_that_somebody_has(admin: Any, alice: Any) -> None:
    form = {
        "username": "dora",
        "email": "ALICE@example.com",
        "usable_password": "true",
        "password1": "quite long 1",
        "password2": "quite long 1",
    }
    assert "Somebody has this e-mail address already" in admin.post("/admin/accounts/user/add/", form).content.decode()


def test_vps_admin_lets_who_may_only_look_unbind_nothing(
    as_user: Any, alice: Any, bob: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_vps"))
    assert as_user(bob).post(f"/admin/vps/vps/{vps.pk}/unbind/").status_code == 403
    assert Placement.objects.exists()


def test_vps_admin_refuses_a_forged_selection(admin: Any) -> None:
    answer = admin.post("/admin/vps/vps/", {"action": "power_start", "_selected_action": "abc", "index": 0})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("columns", "guest", "identity"),
    [
        ({}, "main / qemu/107 (pve1)<", ">uuid-107<"),
        (
            {"missing_since": "2026-01-02T03:04Z"},
            "main / qemu/107 (pve1): gone since 2026-01-02 03:04 UTC",
            ">uuid-107<",
        ),
        (
            {"missing_since": "2026-01-02T03:04Z", "identity_mismatch": "uuid-9"},
            "main / qemu/107 (pve1): another guest in its place since 2026-01-02 03:04 UTC",
            "uuid-107; in its place: uuid-9",
        ),
    ],
)
def test_vps_admin_shows_the_guest_of_a_server_and_an_identity_mismatch(
    admin: Any, alice: Any, make_vps: Any, bind: Any, columns: Any, guest: str, identity: str
) -> None:
    vps = make_vps(alice)
    bind(vps, vmid=107, **columns)
    page = admin.get(f"/admin/vps/vps/{vps.pk}/change/").content.decode()
    assert guest in page
    assert identity in page
    in_list = guest if columns else ">main / 107<"
    assert in_list in admin.get("/admin/vps/vps/").content.decode()


def test_operation_admin_shows_by_which_token_it_was_sent_and_how_its_workers_fared(
    admin: Any, alice: Any, make_vps: Any
) -> None:
    operation = failed(make_vps(alice), sent_as="panel@pve!old-portal", claims=7)
    page = admin.get(f"/admin/vps/operation/{operation.pk}/change/").content.decode()
    assert "panel@pve!old-portal" in page
    assert re.search(r"Turns without an end:.*?>7<", page, re.DOTALL)
