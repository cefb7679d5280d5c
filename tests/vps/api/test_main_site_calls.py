"""Every call of the main site leaves a line in the log and a row, and those of strangers no more than a few."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.callers import filled
from tests.test_permissions import ENDPOINTS
from vps.models import SyncCall
from vps.services import sync_calls

ORDER = {"name": "shop", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
# (route, method) of all that the key opens and nothing else does.
OF_THE_KEY = [
    (route, method)
    for route, methods in ENDPOINTS.items()
    for method, answers in methods.items()
    if route.startswith("api/") and answers[0] == 401 != answers[-1]
]
pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "sync"]


def facts(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line.removeprefix("sync call "))
    return found


def keyed(settings: Any, idempotency_key: str = "") -> Client:
    headers = {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}
    return Client(headers=headers | ({"idempotency-key": idempotency_key} if idempotency_key else {}))


@pytest.fixture(autouse=True)
def listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sync")


def test_log_main_site_calls_writes_what_was_done_in_one_line_and_one_row(
    main_site: Any, alice: Any, caplog: Any
) -> None:
    made = main_site("create", user_id=alice.pk, **ORDER)
    id = made.json()["vps"]["id"]
    (line,) = lines(caplog)
    logged = facts(line)
    assert (logged["action"], logged["status"], logged["code"], logged["vps_id"]) == ("create", 201, "", id)
    assert (logged["method"], logged["path"], logged["ip"]) == ("POST", "/api/vps/sync", "127.0.0.1")
    assert logged["request_id"] == made["X-Request-ID"]
    assert logged["duration_ms"] > 0
    row = SyncCall.objects.get()
    assert (row.action, row.status, row.vps_id, row.request_id) == ("create", 201, id, made["X-Request-ID"])
    assert (row.count, row.minute, row.replayed) == (1, None, False)


def test_login_link_is_for_whom_the_path_names_though_the_body_names_another(
    settings: Any, alice: Any, bob: Any
) -> None:
    asked = {"next": "/vps/5/", "user": {"id": bob.pk}}
    made = keyed(settings).post(f"/api/users/{alice.pk}/login-link", asked, content_type="application/json")
    assert (made.status_code, made.json()["warnings"]) == (201, ["Unknown field ignored: user"])


def test_log_main_site_calls_writes_a_refusal_with_its_code_and_what_it_was_about(main_site: Any, caplog: Any) -> None:
    main_site("update", id=77, cpu=4)
    row = SyncCall.objects.get()
    assert (row.action, row.status, row.code, row.vps_id) == ("update", 404, "vps_not_found", 77)
    assert row.message == "There is no VPS 77."
    assert facts(lines(caplog)[0])["code"] == "vps_not_found"


def test_log_main_site_calls_writes_neither_key_nor_body_nor_a_message_that_quotes_it(
    main_site: Any, alice: Any, caplog: Any, settings: Any
) -> None:
    main_site("create", user_id=alice.pk, **ORDER | {"name": "alices-secret-project"})
    main_site(
        "create", user_id=alice.pk, **ORDER, placement={"cluster": "quoted", "node": "a", "vmid": 101, "kind": "qemu"}
    )
    logged = " ".join(lines(caplog))
    assert "quoted" in SyncCall.objects.get(status=400).message
    for secret in ("alices-secret-project", "quoted", settings.MAIN_SITE_API_KEYS[0]):
        assert secret not in logged


def test_log_main_site_calls_writes_one_line_whatever_is_sent(settings: Any, caplog: Any) -> None:
    forged = "x\r\n2026-01-01 INFO sync call forged\u2028\x00"
    client = keyed(settings)
    body = {"action": forged.replace("\x00", ""), "vps": {"external_id": forged.replace("\x00", "")}}
    client.post("/api/vps/sync", body, content_type="application/json")
    client.get(f"/api/users/{forged}")
    logged = lines(caplog)
    assert len(logged) == 2
    assert all(len(line.splitlines()) == 1 for line in logged)
    assert SyncCall.objects.count() == 2


def test_log_main_site_calls_counts_a_body_that_cannot_be_read(settings: Any) -> None:
    keyed(settings).post("/api/vps/sync", b"{", content_type="application/json")
    row = SyncCall.objects.get()
    assert (row.status, row.code, row.minute) == (400, "invalid_json", None)


@pytest.mark.parametrize(("route", "method"), OF_THE_KEY)
def test_log_main_site_calls_covers_each_endpoint_that_the_key_opens(settings: Any, route: str, method: str) -> None:
    """One without `@notes_calls` would be counted among what strangers send."""
    path = filled(route, id=77, external_id="order-77")
    keyed(settings).generic(method, path, content_type="application/json")
    row = SyncCall.objects.get()
    assert (row.minute, row.action != "") == (None, True)


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}])
def test_log_main_site_calls_writes_a_row_a_minute_of_a_flood_without_the_key(
    headers: dict[str, str], caplog: Any
) -> None:
    for number in range(30):
        Client(headers=headers).post("/api/vps/sync")
        Client(headers=headers).get(f"/api/users/{number}")
    assert len(lines(caplog)) == 60
    by_code = list(SyncCall.objects.values_list("status", "code"))
    minutes = SyncCall.objects.values("minute").distinct().count()
    assert set(by_code) == {(401, "invalid_api_key"), (404, "not_found")}
    assert len(by_code) <= 2 * minutes
    assert sum(SyncCall.objects.values_list("count", flat=True)) == 60


@pytest.mark.parametrize("path", ["/api/vps", "/api/auth/me", "/healthz", "/login/"])
def test_log_main_site_calls_writes_nothing_of_other_callers(path: str, static_files: None, caplog: Any) -> None:
    Client().get(path)
    assert (lines(caplog), SyncCall.objects.count()) == ([], 0)


def test_log_main_site_calls_costs_one_statement_after_the_calls_own(main_site: Any, alice: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        main_site("create", user_id=alice.pk, **ORDER)
    is_ours = ["sync_calls" in query["sql"] for query in queries]
    assert (sum(is_ours), is_ours[-1]) == (1, True)


def test_log_main_site_calls_writes_how_many_of_a_batch_failed(settings: Any, alice: Any) -> None:
    operations = [{"action": "create", "vps": {"user_id": alice.pk, **ORDER}}, {"action": "delete", "vps": {"id": 99}}]
    keyed(settings, "batch-1").post("/api/vps/sync/batch", {"operations": operations}, content_type="application/json")
    row = SyncCall.objects.get()
    assert (row.action, row.status, row.operations, row.failed) == ("batch", 200, 2, 1)


def test_log_main_site_calls_writes_an_answer_from_memory_as_one(settings: Any, alice: Any) -> None:
    body = {"action": "create", "vps": {"user_id": alice.pk, **ORDER}}
    for _ in range(2):
        made = keyed(settings, "order-1").post("/api/vps/sync", body, content_type="application/json")
    rows = list(SyncCall.objects.order_by("id").values_list("action", "status", "replayed", "vps_id"))
    assert rows == [("create", 201, False, made.json()["vps"]["id"]), ("create", 201, True, made.json()["vps"]["id"])]


def test_log_main_site_calls_writes_reads_too(settings: Any) -> None:
    for query in ("", "?digest=1", "?digest=sum"):
        keyed(settings).get(f"/api/vps/sync{query}")
    assert list(SyncCall.objects.order_by("id").values_list("action", flat=True)) == ["read", "digest", "digest"]


@pytest.mark.django_db(transaction=True)
def test_log_main_site_calls_undoes_nothing_where_its_row_cannot_be_written(
    main_site: Any, alice: Any, caplog: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sync_calls RENAME TO elsewhere")
    try:
        assert main_site("create", user_id=alice.pk, **ORDER).status_code == 201
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO sync_calls")
    assert facts(lines(caplog)[0])["status"] == 201
    assert "rows that were not stored: 1" in lines(caplog)[1]


def test_forget_old_forgets_calls_after_30_days(main_site: Any) -> None:
    for days in (29, 31):
        main_site("delete", id=days)
        SyncCall.objects.filter(vps_id=days).update(at=timezone.now() - timedelta(days=days))
    assert sync_calls.forget_old() == 1
    assert SyncCall.objects.get().vps_id == 29
