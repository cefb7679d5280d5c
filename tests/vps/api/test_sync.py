"""POST /api/vps/sync as the main site's program meets it."""

from typing import Any

import pytest
from django.test import Client

from vps.models import Event, Operation, Placement, Tombstone, Vps

ORDER = {"name": "web-01", "status": "creating", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}
COLUMNS = {
    "id", "name", "status", "ip_address", "cpu", "ram", "disk", "os", "user_id", "hypervisor", "created_at", "updated_at",
}  # fmt: skip


def test_sync_create_makes_a_vps_with_every_column_of_the_table(main_site: Any, alice: Any) -> None:
    answer = main_site("create", user_id=alice.id, **ORDER, hypervisor="proxmox")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["message"]) == ("success", "VPS synced successfully")
    assert set(body["vps"]) == COLUMNS
    assert body["vps"]["created_at"].endswith("Z")
    assert body["vps"]["ip_address"] is None
    assert Vps.objects.get().user == alice
    assert Event.objects.get().type == "vps.created"


def test_sync_create_without_status_and_hypervisor_is_creating_on_proxmox(main_site: Any, alice: Any) -> None:
    order = {key: value for key, value in ORDER.items() if key != "status"}
    vps = main_site("create", user_id=alice.id, **order).json()["vps"]
    assert (vps["status"], vps["hypervisor"]) == ("creating", "proxmox")


@pytest.mark.parametrize("path", ["/api/vps/sync", "/api/vps/sync/"])
def test_sync_answers_both_spellings_of_its_path_without_a_redirect(main_site: Any, alice: Any, path: str) -> None:
    assert main_site("create", path, user_id=alice.id, **ORDER).status_code == 201


def test_sync_update_changes_the_columns_it_names_and_no_others(main_site: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, status="creating", cpu=2)
    answer = main_site("update", id=vps.id, status="running", ip_address="2001:DB8::1")
    assert answer.status_code == 200
    vps.refresh_from_db()
    assert (vps.status, vps.ip_address, vps.cpu) == ("running", "2001:db8::1", 2)
    assert answer.json()["vps"]["updated_at"] >= answer.json()["vps"]["created_at"]


def test_sync_update_that_changes_nothing_is_no_event(main_site: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    assert main_site("update", id=vps.id, status=vps.status).status_code == 200
    assert not Event.objects.exists()


def test_sync_update_may_change_the_owner(main_site: Any, alice: Any, bob: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    main_site("update", id=vps.id, user_id=bob.id)
    vps.refresh_from_db()
    assert vps.user == bob


def test_sync_delete_answers_with_what_was_deleted_and_leaves_a_tombstone(
    main_site: Any, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice, name="web-01")
    answer = main_site("delete", id=vps.id)
    assert answer.status_code == 200
    assert answer.json()["vps"]["name"] == "web-01"
    assert "already_deleted" not in answer.json()
    assert not Vps.objects.exists()
    assert Tombstone.objects.get().vps_id == vps.id


def test_sync_delete_that_is_repeated_answers_that_it_is_done(main_site: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    first = main_site("delete", id=vps.id).json()
    again = main_site("delete", id=vps.id)
    assert again.status_code == 200
    assert again.json() == first | {"already_deleted": True}


def test_sync_update_of_what_was_deleted_is_refused_with_a_code(main_site: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    main_site("delete", id=vps.id)
    answer = main_site("update", id=vps.id, status="running")
    assert (answer.status_code, answer.json()["code"]) == (409, "vps_deleted")


@pytest.mark.parametrize("action", ["update", "delete"])
def test_sync_update_and_delete_of_an_id_that_never_was_are_404(main_site: Any, action: str) -> None:
    answer = main_site(action, id=2_147_483_647, status="running")
    assert (answer.status_code, answer.json()["code"]) == (404, "vps_not_found")


def test_sync_delete_ends_the_open_operation(main_site: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    operation = Operation.objects.create(vps=vps, kind="reboot", source="page", deadline_at="2030-01-01T00:00Z")
    main_site("delete", id=vps.id)
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == ("failed", "vps_deleted")
    assert not Placement.objects.exists()


def test_sync_create_with_a_placement_binds_the_vps_to_its_guest(main_site: Any, alice: Any, cluster: Any) -> None:
    placement = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "lxc"}
    main_site("create", user_id=alice.id, **ORDER, placement=placement)
    bound = Placement.objects.get()
    assert (bound.vps.name, bound.cluster, bound.vmid, bound.kind) == ("web-01", cluster, 107, "lxc")


def test_sync_create_cannot_bind_a_guest_that_another_vps_has(
    main_site: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    bind(make_vps(alice), vmid=107)
    placement = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
    answer = main_site("create", user_id=alice.id, **ORDER, placement=placement)
    assert (answer.status_code, answer.json()["code"]) == (409, "placement_taken")
    assert Vps.objects.count() == 1


def test_sync_create_names_an_unknown_cluster(main_site: Any, alice: Any) -> None:
    placement = {"cluster": "nowhere", "node": "pve1", "vmid": 107, "kind": "qemu"}
    answer = main_site("create", user_id=alice.id, **ORDER, placement=placement)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_cluster")
    assert "vps.placement.cluster" in answer.json()["errors"]


@pytest.mark.parametrize("key", [None, "", "wrong", "\xe9\xe9"])
def test_sync_refuses_a_missing_or_wrong_key(db: None, key: str | None) -> None:
    headers = {} if key is None else {"x-api-key": key}
    answer = Client(headers=headers).post("/api/vps/sync", {"action": "create"}, content_type="application/json")
    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "message": "Invalid or missing API key", "code": "invalid_api_key"}


def test_sync_takes_no_logged_in_customer_for_the_main_site(with_token: Any, alice: Any) -> None:
    answer = with_token(alice).post("/api/vps/sync", {"action": "create"}, content_type="application/json")
    assert answer.status_code == 401


def test_sync_create_names_missing_fields(main_site: Any) -> None:
    answer = main_site("create", name="web-01")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Missing required fields: user_id, cpu, ram, disk, os"


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("which", [{}, {"id": None}, {"id": None, "external_id": None}])
def test_sync_update_and_delete_without_an_id_name_both(main_site: Any, action: str, which: Any) -> None:
    answer = main_site(action, **which, status="running")
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_fields")
    assert answer.json()["message"] == "Missing required fields: id or external_id"
    either = ["id or external_id is required."]
    assert answer.json()["errors"] == {"vps.id": either, "vps.external_id": either}


@pytest.mark.parametrize(
    ("more", "unknown"), [({}, ""), ({"colour": "red", "flavour": 1}, "; unknown: colour, flavour")]
)
def test_sync_update_without_a_column_names_those_that_there_are(
    main_site: Any, alice: Any, make_vps: Any, more: Any, unknown: str
) -> None:
    answer = main_site("update", id=make_vps(alice).id, **more)
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_fields")
    wanted = "at least one field to update beside id or external_id"
    assert answer.json()["message"] == f"Missing required fields: {wanted}{unknown}"
    (sentence,) = answer.json()["errors"]["vps"]
    assert sentence.startswith("At least one of these is required: user_id, name, status, cpu, ram, disk, os")


def test_sync_create_names_a_user_who_is_not_there(main_site: Any) -> None:
    answer = main_site("create", user_id=424242, **ORDER)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_user")
    assert "424242" in answer.json()["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cpu", "4"), ("cpu", 4.0), ("cpu", True), ("cpu", 0), ("cpu", 1025), ("cpu", None), ("cpu", [4]),
        ("ram", 8), ("ram", 8_388_608), ("ram", 127), ("disk", 0), ("disk", 2_147_483_648),
        ("name", ""), ("name", " "), ("name", "x" * 256), ("name", "a\u202eb"), ("name", "a\nb"), ("name", 5),
        ("status", "Running"), ("status", ["running"]), ("hypervisor", "docker"), ("os", "x" * 101),
        ("user_id", "5"), ("user_id", 0), ("ip_address", "1.2.3"), ("ip_address", 5), ("placement", "pve1"),
        ("placement", {"cluster": "main", "node": "../x", "vmid": 100, "kind": "qemu"}),
    ],
)  # fmt: skip
def test_sync_create_refuses_a_wrong_value_and_names_its_field(
    main_site: Any, alice: Any, field: str, value: Any
) -> None:
    answer = main_site("create", **{"user_id": alice.id} | ORDER | {field: value})
    assert answer.status_code == 400
    assert field in answer.json()["message"]
    assert not Vps.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("ram", 8, "Must be from 128 to 4194304, not 8. The unit of ram is MB: 8 GB are 8192."),
        ("ram", 8_388_608, "Must be from 128 to 4194304, not 8388608. The unit of ram is MB: 8 GB are 8192."),
        ("ram", 10**4000, "Must be from 128 to 4194304. The unit of ram is MB: 8 GB are 8192."),
        ("ram", 0.5, "Must be a JSON integer. The unit of ram is MB: 8 GB are 8192."),
        ("disk", 107_374_182_400, "Must be from 1 to 1048576, not 107374182400. The unit of disk is GB."),
        ("cpu", 2400, "Must be from 1 to 1024, not 2400. The unit of cpu is cores."),
    ],
    ids=repr,
)
def test_sync_create_answers_a_size_out_of_range_with_what_came_and_its_unit(
    main_site: Any, alice: Any, field: str, value: Any, sentence: str
) -> None:
    answer = main_site("create", user_id=alice.id, **ORDER | {field: value})
    assert answer.json()["errors"] == {f"vps.{field}": [sentence]}


@pytest.mark.parametrize("name", ["Мой сервер", "<script>alert(1)</script>", "{{7*7}}", "x" * 255])
def test_sync_create_takes_any_printable_name_as_it_is(main_site: Any, alice: Any, name: str) -> None:
    assert main_site("create", user_id=alice.id, **ORDER | {"name": name}).json()["vps"]["name"] == name


def test_sync_create_ignores_and_names_keys_that_the_contract_does_not_know(main_site: Any, alice: Any) -> None:
    body = main_site("create", user_id=alice.id, **ORDER, colour="red").json()
    assert body["warnings"] == ["Unknown field ignored: vps.colour"]


def test_sync_create_takes_no_id(main_site: Any, alice: Any) -> None:
    body = main_site("create", user_id=alice.id, **ORDER, id="vps-77").json()
    assert type(body["vps"]["id"]) is int
    assert body["warnings"] == ["Unknown field ignored: vps.id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "missing_fields"), (b"null", "invalid"), (b"[]", "invalid"), (b'"a"', "invalid"), (b"{", "invalid_json"),
        (b'{"action":"create","action":"delete"}', "duplicate_key"), (b'{"action":NaN}', "not_finite"),
        (b'{"action":1e999}', "not_finite"), (b'{"action":"a\\u0000"}', "invalid_text"), (b"\xff\xfe", "invalid_utf8"),
        (b'{"action":"\\ud800"}', "invalid_text"), (b"[" * 100_000, "too_deep"),
        (b"[" + b"{}," * 300_000 + b"{}]", "too_many_values"), (b'{"k":"' + b'\\"' * 300_000, "invalid_json"),
        (b'{"vps":' + b"9" * 5000 + b"}", "invalid_json"),
        (b'{"action":["create"],"vps":{}}', "invalid"), (b'{"action":"create","vps":[1]}', "invalid"),
        (b'{"action":"drop","vps":{}}', "invalid"),
    ],
)  # fmt: skip
def test_sync_refuses_a_body_that_is_not_strict_json(main_site: Any, body: bytes, code: str) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-16", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml", 415),
        ("text/plain", 415),
        ("application/json; charset=UTF-8", 400),
    ],
)
def test_sync_reads_json_in_utf8_alone(db: None, content_type: str, status: int) -> None:
    answer = post(b"{}", content_type)
    assert answer.status_code == status
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize(
    ("content_type", "came"),
    [
        ("application/x-www-form-urlencoded", " It came with application/x-www-form-urlencoded."),
        ("Text/Plain; charset=utf-8; secret=x", " It came with text/plain."),
        ("<script>alert(1)</script>", ""),
        ("x" * 5000 + "/x", ""),
        ("", ""),
    ],
)
def test_sync_says_that_it_wants_json_and_what_came_where_that_can_be_said(
    db: None, content_type: str, came: str
) -> None:
    answer = post(b"{}", content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    wanted = "A body must be JSON: send it with Content-Type: application/json."
    assert answer.json()["message"] == wanted + came


def test_sync_with_a_body_over_the_limit_is_413_in_json(db: None) -> None:
    answer = post(b'{"action":"' + b"x" * 1_048_576 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("method", ["put", "delete", "options"])
def test_sync_by_another_method_is_405_in_json(main_site: Any, method: str) -> None:
    client = Client(headers={"x-api-key": "for-tests-only-the-main-site-key-0123456789"})
    answer = getattr(client, method)("/api/vps/sync")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def post(body: bytes, content_type: str = "application/json") -> Any:
    client = Client(headers={"x-api-key": "for-tests-only-the-main-site-key-0123456789"})
    return client.post("/api/vps/sync", body, content_type=content_type)


@pytest.mark.parametrize("node", [1, True, "", "pve_1", "pve1 ", "../x", "п"])
def test_sync_create_takes_a_hosts_name_alone_for_a_node(main_site: Any, alice: Any, cluster: Any, node: Any) -> None:
    placement = {"cluster": "main", "node": node, "vmid": 107, "kind": "qemu"}
    answer = main_site("create", user_id=alice.id, **ORDER, placement=placement)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vps.placement.node"])


def test_sync_create_names_unknown_keys_of_a_placement(main_site: Any, alice: Any, cluster: Any) -> None:
    placement = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu", "rack": 7}
    body = main_site("create", user_id=alice.id, **ORDER, placement=placement).json()
    assert body["warnings"] == ["Unknown field ignored: vps.placement.rack"]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("\u200b", 400), ("\ufeff", 400), ("a\u00ad", 400), ("\u3164", 400), ("a\U000e0001", 400), ("\u200d", 400),
        ("👩\u200d💻 dev", 201), ("Сервер №1", 201), ("می\u200cخواهم", 201),
    ],
)  # fmt: skip
def test_sync_create_takes_a_name_that_can_be_seen_alone(main_site: Any, alice: Any, name: str, status: int) -> None:
    assert main_site("create", user_id=alice.id, **ORDER | {"name": name}).status_code == status
