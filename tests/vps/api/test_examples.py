"""Every example of GET /api/schema is asked of the real endpoints, and answered as it says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.conftest import PASSWORD, person
from tests.contract import contract
from tests.verbs import WITH_ADDRESS
from tests.vps.use import keep_use
from vps.models import Cluster, Event, ExternalId, LastSyncTime, Operation, Placement, Vps

DESCRIBED = contract().described
ALICE, SHOP, REBOOT, NOBODY = 5, 17, 9, 99
ENDED = {"state": "succeeded", "finished_at": "2026-01-01T00:00Z", "deadline_at": "2026-01-01T00:00Z"}
# What a test makes beside the world must not be given the world's ids.
LATER_IDS = "SELECT setval(seq, greatest(nextval(seq), 100)) FROM pg_get_serial_sequence(%s, 'id') AS seq"


@dataclass
class Call:
    """One example: what is sent, before it is sent. A row of the table below makes it, and the world that it is asked of."""

    operation: str
    name: str
    path: str
    headers: dict[str, str]
    body: Any = None

    def send(self) -> Any:
        client = Client(headers=self.headers)
        method = next(method for path, method, one in OPERATIONS if one["operationId"] == self.operation)
        if method == "get":
            return client.get(self.path)
        return client.post(self.path, self.body, content_type="application/json")

    def give(self, **columns: Any) -> None:
        noun = "vps" if "vps" in self.body else "user"
        self.body = self.body | {noun: self.body[noun] | columns}

    def send_before(self) -> None:
        assert self.send().status_code < 300


OPERATIONS = [(path, method, one) for path, methods in DESCRIBED["paths"].items() for method, one in methods.items()]
Row = Callable[[Call], Any]


def of_vps(**columns: Any) -> Row:
    return lambda call: Vps.objects.filter(pk=SHOP).update(**columns)


def of_placement(**columns: Any) -> Row:
    return lambda call: Placement.objects.filter(vps_id=SHOP).update(**columns)


def without_a_placement(call: Call) -> None:
    Placement.objects.all().delete()


def without_the_vps(call: Call) -> None:
    without_a_placement(call)
    ExternalId.objects.all().delete()
    Vps.objects.all().delete()


def giving(**columns: Any) -> Row:
    return lambda call: call.give(**columns)


def with_headers(**headers: str) -> Row:
    return lambda call: setattr(call, "headers", headers)


def of_nobody(call: Call) -> None:
    call.path = re.sub("/([0-9]+|order-1042|customer-5)", f"/{NOBODY}", call.path)
    if call.operation in ("syncVps", "syncUser"):
        call.body = {
            "action": "update",
            "vps": {"id": NOBODY, "cpu": 2},
            "user": {"id": NOBODY, "email": "x@example.com"},
        }


def of_alice(**columns: Any) -> Row:
    return lambda call: User.objects.filter(pk=ALICE).update(**columns)


def as_bob(**columns: Any) -> Row:
    """Bob is customer-7; Alice is to be what he is."""

    def make(call: Call) -> None:
        person("bob", external_id="customer-7")
        call.body = {"action": "update", "user": {"id": ALICE} | columns}

    return make


def of_a_deleted_one(call: Call) -> None:
    Call("syncVps", "", "/api/vps/sync", call.headers, {"action": "delete", "vps": {"id": SHOP}}).send_before()
    if call.operation == "syncVps":
        call.body = {"action": "update", "vps": {"id": SHOP, "cpu": 2}}


def after_ten_failures(call: Call) -> None:
    for _ in range(10):
        Call(call.operation, "", call.path, {}, call.body | {"password": "wrong"}).send()


def with_another(**columns: Any) -> None:
    """Another server of Alice's, 18, which is order-1043."""
    other = Vps.objects.create(pk=18, user_id=ALICE, name="other", cpu=1, ram=128, disk=1, os="Debian 12")
    ExternalId.objects.create(external_id="order-1043", vps_id=18)
    Placement.objects.create(
        vps=other, vmid=107, **{"cluster": Cluster.objects.get(), "kind": "qemu", "node": "pve1"} | columns
    )


def of_anothers_placement(call: Call) -> None:
    with_another()
    call.give(placement={"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}, external_id="order-1044")


def of_anothers_name(action: str) -> Row:
    def make(call: Call) -> None:
        with_another()
        call.body = {"action": action, "vps": {"id": SHOP, "external_id": "order-1043"}}

    return make


# To a code, or to an operation and the name of an example, what must be so. What stands in neither needs nothing.
ROWS: dict[str, Row] = {
    "not_authenticated": with_headers(),
    "invalid_token": with_headers(authorization="Bearer x.y.z"),
    "invalid_api_key": with_headers(**{"x-api-key": "wrong"}),
    "vps_not_found": of_nobody,
    "operation_not_found": of_nobody,
    "vps_deleted": of_a_deleted_one,
    "vps_suspended": of_vps(status="suspended"),
    "vps_creating": of_vps(status="creating"),
    "vps_unbound": without_a_placement,
    "vps_missing": of_placement(missing_since="2026-01-01T00:00Z"),
    "identity_mismatch": of_placement(identity_mismatch="another"),
    "hypervisor_unsupported": lambda call: (without_a_placement(call), of_vps(hypervisor="xen")(call)),
    "hypervisor_unavailable": lambda call: Cluster.objects.update(seen_at=timezone.now() - timedelta(minutes=5)),
    "operation_in_progress": lambda call: call.send_before(),
    "missing_fields": lambda call: setattr(call, "body", {"action": "create", "vps": {}}),
    "unknown_user": giving(user_id=NOBODY, external_id="order-1044"),
    "unknown_cluster": giving(
        placement={"cluster": "none", "node": "pve1", "vmid": 107, "kind": "qemu"}, external_id="order-1044"
    ),
    "hypervisor_mismatch": giving(
        hypervisor="kvm",
        placement={"cluster": "main", "node": "pve1", "vmid": 108, "kind": "qemu"},
        external_id="order-1044",
    ),
    "placement_taken": of_anothers_placement,
    "external_id_taken": of_anothers_name("update"),
    "external_id_mismatch": of_anothers_name("delete"),
    "invalid_login": lambda call: call.body.update(password="wrong"),
    "too_many_attempts": after_ten_failures,
    "refreshTokens invalid_token": lambda call: call.body.update(refresh="x.y.z"),
    "logIn invalid": lambda call: setattr(call, "body", {}),
    "refreshTokens invalid": lambda call: setattr(call, "body", {}),
    "logOut invalid": lambda call: setattr(call, "body", {}),
    "listVps invalid": lambda call: setattr(call, "path", f"{call.path}?limit=0"),
    "getVpsStats invalid": lambda call: setattr(call, "path", f"{call.path}?timeframe=decade"),
    "getVpsStats with a history": lambda call: setattr(call, "path", f"{call.path}?timeframe=hour"),
    "listOperations invalid": lambda call: setattr(call, "path", f"{call.path}?before=-1"),
    "stopVps invalid": lambda call: setattr(call, "body", {"force": "yes"}),
    "syncVps invalid": giving(cpu="4"),
    "syncVps create": without_the_vps,
    "syncVps update that came late": lambda call: LastSyncTime.objects.create(vps_id=SHOP, occurred_at=timezone.now()),
    "syncVps delete again": lambda call: call.send_before(),
    "syncVpsBatch each by itself": without_the_vps,
    "syncVpsBatch all or none": without_the_vps,
    "syncVpsBatch invalid": lambda call: call.body.update(atomic="yes"),
    "staff_account": lambda call: (of_alice(is_staff=True)(call), as_bob(email="x@example.com")(call)),
    "user_not_found": of_nobody,
    "user_inactive": of_alice(is_active=False),
    "username_taken": as_bob(username="bob"),
    "email_taken": as_bob(email="bob@example.com"),
    "syncUser invalid": giving(email="x"),
    "syncUser missing_fields": lambda call: setattr(call, "body", {"action": "create", "user": {}}),
    "syncUser external_id_mismatch": as_bob(external_id="customer-8"),
    "syncUser external_id_taken": lambda call: (
        of_alice(external_id=None)(call),
        as_bob(external_id="customer-7")(call),
    ),
    "syncUser deactivate again": lambda call: call.send_before(),
    **{
        f"createLoginLink{naming} {code}": row
        for naming in ("", "ByExternalId")
        for code, row in {
            "invalid": lambda call: setattr(call, "body", {"next": "https://example.com"}),
            "staff_account": of_alice(is_staff=True),
        }.items()
    },
    "listEvents invalid": lambda call: setattr(call, "path", f"{call.path}?type=vps.flown"),
    "cursor_from_the_future": lambda call: setattr(call, "path", f"{call.path}?after=999999"),
    "listUsers invalid": lambda call: setattr(call, "path", f"{call.path}?id=x"),
    "readVps invalid": lambda call: setattr(call, "path", f"{call.path}?limit=0"),
    "readVps a digest": lambda call: setattr(call, "path", f"{call.path}?digest=sum"),
    "readVps a hash": lambda call: setattr(call, "path", f"{call.path}?digest=1"),
}


def asking(**body: Any) -> Row:
    return lambda call: setattr(call, "body", body)


# The main site's own addresses of one server, each by its id and by its external_id.
NAMINGS = ("", "ByExternalId")
for naming in NAMINGS:
    ROWS[f"readSyncedVpsStats{naming} invalid"] = ROWS["getVpsStats invalid"]
    ROWS[f"readSyncedVpsStats{naming} with a history"] = ROWS["getVpsStats with a history"]
    ROWS[f"readSyncedVpsOperations{naming} invalid"] = ROWS["listOperations invalid"]
    for verb in WITH_ADDRESS:
        ROWS[f"{verb}SyncedVps{naming} invalid"] = asking(on_behalf_of="5")
        ROWS[f"{verb}SyncedVps{naming} unknown_user"] = asking(on_behalf_of=NOBODY)
        ROWS[f"{verb}SyncedVps{naming} user_inactive"] = lambda call: (
            of_alice(is_active=False)(call),
            asking(on_behalf_of=ALICE)(call),
        )


@pytest.fixture
def world(cluster: Cluster, settings: Any) -> dict[str, dict[str, str]]:
    """Alice is user 5, her VPS is 17 and the main site's order-1042; its reboot, which has ended, was operation 9."""
    with connection.cursor() as cursor:
        for table in ("users", "vps", "operations"):
            cursor.execute(LATER_IDS, [table])
    alice = person("alice", pk=ALICE, external_id="customer-5")
    shop = Vps.objects.create(
        pk=SHOP, user=alice, name="web-01", status="running", cpu=4, ram=8192, disk=100, os="Debian 12"
    )
    ExternalId.objects.create(external_id="order-1042", vps_id=SHOP)
    placement = Placement.objects.create(
        vps=shop, cluster=cluster, vmid=101, kind="qemu", node="pve1", power="running", identity="101"
    )
    Operation.objects.create(pk=REBOOT, vps=shop, kind="reboot", source="api", requested_by=alice, **ENDED)
    Event.objects.record_status([shop], "stopped")
    keep_use(placement)
    pair = (
        Client()
        .post("/api/auth/login", {"username": "alice", "password": PASSWORD}, content_type="application/json")
        .json()
    )
    bearer = {"authorization": f"Bearer {pair['access']}", "refresh": pair["refresh"]}
    return {"Bearer": bearer, "ApiKey": {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}}


def examples() -> list[Any]:
    """(path, operation, status, name, value) of every answer's every example."""
    found = []
    for path, _, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            for name, example in response.get("content", {}).get("application/json", {}).get("examples", {}).items():
                found.append(
                    pytest.param(
                        path, operation, status, name, example["value"], id=f"{operation['operationId']} {name}"
                    )
                )
    return found


def call_of(path: str, operation: dict[str, Any], name: str, world: Any) -> Call:
    scheme = next((scheme for requirement in operation["security"] for scheme in requirement), None)
    asks = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
    asked = asks.get(name) or next(iter(asks.values()), {"value": None})
    body = asked["value"] and dict(asked["value"])
    if body and "refresh" in body:
        body["refresh"] = world["Bearer"]["refresh"]
    id = {"/api/operations/{id}": REBOOT, "/api/users/{id}/login-link": ALICE}.get(path, SHOP)
    external_id = "customer-5" if path.startswith("/api/users/") else "order-1042"
    path = path.replace("{id}", str(id)).replace("{external_id}", external_id)
    # Where both open it, the token does: of the main site the rest is asked.
    return Call(operation["operationId"], name, path, world.get(scheme, {}), body)


@pytest.mark.parametrize(("path", "operation", "status", "name", "value"), examples())
def test_openapi_example_says_what_is_so(
    path: str, operation: dict[str, Any], status: str, name: str, value: Any, world: Any
) -> None:
    call = call_of(path, operation, name, world)
    (ROWS.get(f"{call.operation} {name}") or ROWS.get(name) or (lambda call: None))(call)
    answer = call.send()
    assert str(answer.status_code) == status, answer.content
    assert answer.json().get("code") == value.get("code")
    assert keys(answer.json(), value) == keys(value, answer.json())
    assert (
        contract().broken_by(
            answer.request["REQUEST_METHOD"], call.path.partition("?")[0], int(status), value, answer.headers
        )
        == ""
    )


def keys(value: Any, other: Any) -> Any:
    """What stands where, as far as both have something there. `errors` may be there or not."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: keys(inner, other.get(key)) for key, inner in value.items() if key != "errors"}
    if isinstance(value, list) and isinstance(other, list):
        return [keys(*pair) for pair in zip(value, other, strict=False)]
    return None
