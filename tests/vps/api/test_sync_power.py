"""POST /api/vps/sync/{id}/<verb> and …/external/{external_id}/<verb>: the main site's buttons, honestly the main site's."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.verbs import WITH_ADDRESS, call_of
from tests.vps.api.commands import client
from tests.vps.api.test_sync_one import address, name
from vps import operations
from vps.models import Event, Operation, SyncCall, Vps
from vps.operations import limits
from vps.operations.verbs import VERBS
from web.errors import InvalidInput
from web.models import LimitCount

JSON = "application/json"


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice)
    bind(vps)
    name(vps)
    return vps


def press(vps: Vps, verb: str, **body: Any) -> Any:
    return client().post(f"/api/vps/sync/{vps.pk}/{verb}", body, content_type=JSON)


@pytest.mark.parametrize("verb", VERBS)
def test_power_is_asked_by_either_name_and_is_the_main_sites(shop: Vps, verb: str) -> None:
    end, body = call_of(verb)
    for path in (f"/api/vps/sync/{shop.pk}/{end}", address("order-1042", f"/{end}")):
        answer = client().post(path, body, content_type=JSON)
        assert answer.status_code == 202
        shown = answer.json()
        operation = Operation.objects.get(pk=shown["operation"]["id"])
        assert (operation.kind, operation.is_forced) == (VERBS[verb].kind, VERBS[verb].is_forced)
        assert (operation.source, operation.requested_by, operation.params) == ("sync", None, {})
        assert shown["vps"] == shop.columns() | {"external_id": "order-1042"}
        assert shown["operation"] == client().get(f"/api/operations/{operation.pk}").json()["operation"]
        event = Event.objects.get(operation=operation)
        assert (event.type, event.source, event.by) == ("operation.queued", "sync", None)
        Operation.objects.all().delete()


@pytest.mark.parametrize("verb", WITH_ADDRESS)
def test_power_needs_no_body(shop: Vps, verb: str) -> None:
    assert client().generic("POST", f"/api/vps/sync/{shop.pk}/{verb}").status_code == 202


def test_power_on_behalf_of_the_owner_bears_their_name_and_the_main_sites(
    shop: Vps, alice: Any, with_token: Any, as_user: Any
) -> None:
    answer = press(shop, "stop", on_behalf_of=alice.pk, force=True)
    assert (answer.status_code, answer.json()["operation"]["requested_by"]) == (202, "alice")
    (event,) = with_token(alice).get("/api/events").json()["events"]
    assert (event["source"], event["by"]) == ("sync", {"id": alice.pk, "username": "alice"})
    page = as_user(alice).get(f"/vps/{shop.pk}/activity/").content.decode()
    assert re.search(
        r'<td class="who" role="cell">You</td>\s*<td class="place small" role="cell">On the main site</td>', page
    )


def test_power_of_the_main_site_alone_is_its_own_to_the_customer(
    shop: Vps, alice: Any, with_token: Any, as_user: Any
) -> None:
    press(shop, "stop")
    (event,) = with_token(alice).get("/api/events").json()["events"]
    assert (event["source"], event["by"]) == ("sync", None)
    (operation,) = with_token(alice).get(f"/api/vps/{shop.pk}/operations").json()["operations"]
    assert operation["requested_by"] is None
    assert (
        '<td class="who" role="cell">The main site</td>'
        in as_user(alice).get(f"/vps/{shop.pk}/activity/").content.decode()
    )


def test_power_on_behalf_of_an_owner_before_names_nobody_to_the_new_one(
    shop: Vps, alice: Any, bob: Any, main_site: Any, as_user: Any
) -> None:
    operation = press(shop, "reboot", on_behalf_of=alice.pk).json()["operation"]["id"]
    main_site("update", id=shop.pk, user_id=bob.pk)
    assert "alice" not in as_user(bob).get(f"/vps/{shop.pk}/").content.decode()
    assert Operation.objects.get(pk=operation).is_open


@pytest.mark.parametrize("named", ["5", 5.5, True, None, 0, [1]])
def test_power_takes_for_on_behalf_of_a_whole_number_alone(shop: Vps, named: Any) -> None:
    refused = press(shop, "start", on_behalf_of=named)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert set(refused.json()["errors"]) == {"on_behalf_of"}
    assert not Operation.objects.exists()


def test_power_on_behalf_of_anybody_but_the_owner_is_refused(shop: Vps, alice: Any, bob: Any, carol: Any) -> None:
    for user, status, code in ((bob.pk, 400, "invalid"), (carol.pk, 400, "invalid"), (999999, 400, "unknown_user")):
        refused = press(shop, "reboot", on_behalf_of=user)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert set(refused.json()["errors"]) == {"on_behalf_of"}
        assert str(user) in refused.json()["message"]
    assert not Operation.objects.exists()
    assert press(shop, "reboot", on_behalf_of=alice.pk).status_code == 202


def test_ask_for_main_site_goes_by_the_owner_of_now(shop: Vps, alice: Any, bob: Any, main_site: Any) -> None:
    """The row that a request has read may be another's by the time that it is locked."""
    main_site("update", id=shop.pk, user_id=bob.pk)
    with pytest.raises(InvalidInput):
        operations.ask_for_main_site(shop, "reboot", on_behalf_of=alice.pk, params={})
    assert operations.ask_for_main_site(shop, "reboot", on_behalf_of=bob.pk, params={}).requested_by == bob


def test_power_on_behalf_of_an_owner_who_is_shut_out_is_refused_and_without_is_done(shop: Vps, alice: Any) -> None:
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    refused = press(shop, "reboot", on_behalf_of=alice.pk)
    assert (refused.status_code, refused.json()["code"]) == (409, "user_inactive")
    assert press(shop, "reboot").status_code == 202


@pytest.mark.parametrize("body", [b"[]", b'"start"', b"1", b"null"])
def test_power_takes_an_object_alone(shop: Vps, body: bytes) -> None:
    refused = client().post(f"/api/vps/sync/{shop.pk}/stop", body, content_type=JSON)
    assert (refused.status_code, refused.json()["errors"]) == (400, {"body": ["Must be a JSON object."]})


def test_power_names_what_it_does_not_know_and_does_the_rest(shop: Vps, alice: Any) -> None:
    answer = press(shop, "start", on_behalf=alice.pk, force=True)
    assert answer.status_code == 202
    warnings = ["Unknown field ignored: on_behalf", "Unknown field ignored: force"]
    assert (answer.json()["warnings"], answer.json()["operation"]["requested_by"]) == (warnings, None)


@pytest.mark.parametrize("status", ["suspended", "creating"])
def test_power_of_a_server_that_may_not_be_controlled_is_refused_as_the_customers(
    shop: Vps, alice: Any, with_token: Any, status: str
) -> None:
    Vps.objects.filter(pk=shop.pk).update(status=status)
    refused, customers = press(shop, "start"), with_token(alice).post(f"/api/vps/{shop.pk}/start")
    assert (refused.status_code, refused.json()) == (409, customers.json())
    assert refused.json()["code"] == f"vps_{status}"


def test_power_is_503_on_a_hypervisor_that_does_not_answer(shop: Vps, cluster: Any) -> None:
    type(cluster).objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    refused = press(shop, "start")
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (
        503,
        "hypervisor_unavailable",
        "10",
    )


def test_power_of_a_deleted_server_and_of_one_that_never_was(shop: Vps, main_site: Any) -> None:
    for path in ("/api/vps/sync/999999/start", address("none", "/start")):
        assert client().generic("POST", path).json()["code"] == "vps_not_found"
    main_site("delete", id=shop.pk)
    for path in (f"/api/vps/sync/{shop.pk}/start", address("order-1042", "/start")):
        assert client().generic("POST", path).json()["code"] == "vps_deleted"


@pytest.mark.parametrize("is_on_behalf", [True, False])
def test_power_beside_an_open_operation_is_refused_with_that_one_and_all_its_names(
    shop: Vps, alice: Any, carol: Any, is_on_behalf: bool
) -> None:
    operations.request(shop, "reboot", by=carol, source="admin")
    refused = press(shop, "stop", **({"on_behalf_of": alice.pk} if is_on_behalf else {}))
    assert (refused.status_code, refused.json()["code"]) == (409, "operation_in_progress")
    assert refused.json()["operation"]["requested_by"] == "carol"


def test_power_by_force_overtakes_what_is_open(shop: Vps, alice: Any) -> None:
    first = operations.request(shop, "reboot", by=alice, source="page")
    assert press(shop, "stop", force=True).status_code == 202
    first.refresh_from_db()
    assert (first.state, first.error_code, first.error_detail) == ("failed", "superseded", "by force-stop of sync")


def test_power_under_an_idempotency_key_is_done_once_by_either_name(shop: Vps, alice: Any) -> None:
    key = {"x-api-key": settings.MAIN_SITE_API_KEYS[0], "idempotency-key": "press-1"}
    caller = Client(headers=key)
    for path in (f"/api/vps/sync/{shop.pk}/reboot", address("order-1042", "/reboot")):
        first, again = (caller.post(path, {"on_behalf_of": alice.pk}, content_type=JSON) for _ in range(2))
        assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (202, 202, "true")
        assert first.content == again.content
        assert caller.post(path, {}, content_type=JSON).json()["code"] == "idempotency_key_reused"
        Operation.objects.all().delete()


def test_power_of_the_main_site_takes_nothing_of_the_customers_limit(shop: Vps, alice: Any, with_token: Any) -> None:
    for _ in range(limits.OF_SERVER.most + 5):
        assert press(shop, "reboot", on_behalf_of=alice.pk).status_code in (202, 409)
    assert not LimitCount.objects.filter(what__startswith="operations").exists()
    Operation.objects.all().delete()
    assert with_token(alice).post(f"/api/vps/{shop.pk}/reboot").status_code == 202
    assert LimitCount.objects.get(what=limits.OF_SERVER.what).count == 1


@pytest.mark.parametrize("verb", WITH_ADDRESS)
def test_power_is_for_the_key_alone(with_token: Any, alice: Any, shop: Vps, verb: str) -> None:
    for path in (f"/api/vps/sync/{shop.pk}/{verb}", address("order-1042", f"/{verb}")):
        for other in (Client(), Client(headers={"x-api-key": "wrong"}), with_token(alice)):
            refused = other.post(path)
            assert (refused.status_code, refused.json()["code"]) == (401, "invalid_api_key")
    assert not Operation.objects.exists()
    assert press(shop, verb).status_code == 202


def test_power_is_written_down_with_what_was_asked_and_for_whom(shop: Vps, alice: Any, caplog: Any) -> None:
    caplog.set_level("INFO", "sync")
    junk = {"on_behalf_of": alice.pk, "action": "delete", "vps": {"id": 99, "external_id": "other"}}
    client().post(address("order-1042", "/reboot"), junk, content_type=JSON)
    client().post(address("none", "/stop"), junk, content_type=JSON)
    called = list(SyncCall.objects.order_by("id").values_list("action", "status", "code", "vps_id", "minute"))
    assert called == [("reboot", 202, "", shop.pk, None), ("stop", 404, "vps_not_found", None, None)]
    done, missed = (record.getMessage() for record in caplog.records if record.name == "sync")
    assert f'"vps_id": {shop.pk}, "external_id": "order-1042", "user_id": {alice.pk}' in done
    assert '"external_id": "none"' in missed
