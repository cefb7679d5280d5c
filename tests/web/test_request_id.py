"""The id that every answer bears, by which a call is found again in the log."""

from typing import Any

import pytest
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.db import connection
from django.test import Client

from web import request_id
from web.request_id import WithRequestId

FRESH = 32


@pytest.mark.parametrize("given", ["order-17", "A.b_c-9", "x" * 128])
def test_request_id_of_the_caller_is_kept(given: str) -> None:
    assert Client().get("/healthz", headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "a\tb", "ключ", "a/b", "a\n"])
def test_request_id_that_cannot_stand_in_a_line_of_the_log_is_replaced(given: str) -> None:
    answer = Client().get("/healthz", headers={"x-request-id": given})
    assert len(answer["X-Request-ID"]) == FRESH
    assert int(answer["X-Request-ID"], 16)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/nowhere", {}, 404),
        ("/api/vps/sync", {}, 401),
        ("/api/vps/sync", {"transfer-encoding": "chunked"}, 411),
        ("/nowhere/", {"host": "evil.example"}, 400),
        ("/nowhere/", {}, 404),
        ("/logout/", {}, 403),
    ],
)
def test_request_id_stands_in_refusals_too(
    db: None, static_files: None, path: str, headers: dict[str, str], status: int
) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.generic("POST", path, headers=headers)
    assert (answer.status_code, len(answer["X-Request-ID"])) == (status, FRESH)


def test_request_id_stands_in_the_refusal_of_a_body_that_is_too_large(main_site: Any) -> None:
    answer = main_site("create", name="x" * 1024 * 1024)
    assert (answer.status_code, len(answer["X-Request-ID"])) == (413, FRESH)


def test_request_id_stands_in_the_answer_of_a_500_too(db: None, settings: Any) -> None:
    """A table that is gone stands for whatever nobody thought of."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vps RENAME TO elsewhere")
    client = Client(raise_request_exception=False, headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
    body = {"action": "delete", "vps": {"id": 1}}
    answer = client.post("/api/vps/sync", body, content_type="application/json")
    assert (answer.status_code, len(answer["X-Request-ID"])) == (500, FRESH)


def test_error_page_of_a_500_shows_the_request_id_and_promises_nothing(as_user: Any, alice: Any) -> None:
    """G2: "We have been told" was said, and nothing told anybody."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vps RENAME TO elsewhere")
    browser = as_user(alice)
    browser.raise_request_exception = False
    for language, promise in (("en", "told"), ("ru", "уже знаем")):
        answer = browser.get("/", headers={"x-request-id": "order-17", "accept-language": language})
        page = answer.content.decode()
        assert answer.status_code == 500
        assert "order-17" in page
        assert promise not in page


def test_request_id_stands_in_each_line_of_the_log_of_its_own_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(WithRequestId())
    for id in ("order-17", "order-18"):
        Client().get("/api/nowhere", headers={"x-request-id": id})
    assert [vars(record)["request_id"] for record in caplog.records] == ["order-17", "order-18"]


def test_request_id_of_who_rings_goes_with_the_bell_and_its_task_takes_it() -> None:
    request_id.current.set("order-17")
    headers: dict[str, Any] = {}
    before_task_publish.send(sender="vps.work", headers=headers)
    request_id.current.set("order-18")
    task = type("Task", (), {"request": headers})
    task_prerun.send(sender=task, task=task)
    assert request_id.current.get() == "order-17"
    task_postrun.send(sender=task, task=task)
    assert request_id.current.get() == request_id.NONE
