"""PostgreSQL takes no writes, as in a failover: what reads goes on, what writes is refused for a moment. Nothing breaks."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import PASSWORD, person
from vps import tasks
from vps.management.commands.sweeper import Sweeper
from vps.models import Event, Operation

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/", "/vps/{vps}/", "/vps/{vps}/row/", "/vps/{vps}/status/", "/profile/"]
SYNC = {"action": "create", "vps": {"user_id": 1, "name": "x", "cpu": 1, "ram": 512, "disk": 1, "os": "Debian 12"}}


def set_writable(is_writable: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET default_transaction_read_only = {'off' if is_writable else 'on'}")


class Cast:
    """Alice's browser and program, both logged in before, her server, and the main site."""

    def __init__(self, as_user: Any, with_token: Any, make_vps: Any, settings: Any) -> None:
        self.alice = person("alice")
        self.vps = make_vps(self.alice)
        Event.objects.record("vps.created", self.vps, source="sync")
        Event.objects.assign_positions()
        Event.objects.record("vps.updated", self.vps, source="sync")
        self.browser, self.program = as_user(self.alice), with_token(self.alice)
        self.main_site = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]}, raise_request_exception=False)
        for client in (self.browser, self.program):
            client.raise_request_exception = False


@pytest.fixture
def cast(as_user: Any, with_token: Any, make_vps: Any, bind: Any, settings: Any) -> Iterator[Cast]:
    people = Cast(as_user, with_token, make_vps, settings)
    bind(people.vps)
    set_writable(False)
    yield people
    # Whichever connection of the pool has it, none is left that takes no writes.
    connection.close()
    connection.close_pool()


def has_retry_after(answer: Any) -> bool:
    return answer.status_code == 503 and bool(answer.headers["Retry-After"])


def test_read_only_database_is_read_by_pages_and_api(cast: Cast) -> None:
    """C13: what reads goes on."""
    for path in PAGES:
        assert cast.browser.get(path.format(vps=cast.vps.pk)).status_code == 200, path
    for path in ("/api/vps", f"/api/vps/{cast.vps.pk}", "/api/auth/me", f"/api/vps/{cast.vps.pk}/operations"):
        assert cast.program.get(path).status_code == 200, path
    assert cast.main_site.get("/api/vps/sync").status_code == 200


def test_read_only_database_gives_the_feed_what_has_its_position(cast: Cast) -> None:
    """C13: the feed shows what has its position."""
    assert [event["type"] for event in cast.program.get("/api/events").json()["events"]] == ["vps.created"]
    set_writable(True)
    assert len(cast.program.get("/api/events").json()["events"]) == 2


def test_read_only_database_makes_what_writes_503_and_worth_another_try(cast: Cast) -> None:
    """C13: what writes is 503, and worth another try."""
    login = {"username": "alice", "password": PASSWORD}
    answers = [
        Client(raise_request_exception=False).post("/api/auth/login", login, content_type="application/json"),
        cast.program.post(f"/api/vps/{cast.vps.pk}/stop", content_type="application/json"),
        cast.main_site.post("/api/vps/sync", SYNC, content_type="application/json"),
        cast.main_site.post("/api/vps/sync", SYNC, content_type="application/json", headers={"idempotency-key": "a"}),
        cast.main_site.post(f"/api/users/{cast.alice.pk}/login-link", content_type="application/json"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "service_unavailable")] * 5
    assert all(map(has_retry_after, answers))
    assert not Operation.objects.exists()


def test_read_only_database_makes_forms_of_pages_503_and_worth_another_try(cast: Cast) -> None:
    """C13: forms of pages are 503 too, and worth another try."""
    nobody = Client(raise_request_exception=False, headers={"accept-language": "en"})
    answers = [
        nobody.post("/login/", {"username": "alice", "password": PASSWORD}),
        nobody.post("/login/", {"username": "alice", "password": "wrong"}),
        cast.browser.post(f"/vps/{cast.vps.pk}/power/stop/"),
        cast.browser.post("/logout/"),
    ]
    assert [has_retry_after(answer) for answer in answers] == [True] * 4
    assert "The panel is briefly unavailable" in answers[0].content.decode()


def test_read_only_database_is_named_by_readyz_and_healthz_is_well(cast: Cast) -> None:
    """C13: readiness names it, and the process is alive."""
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["postgresql"], ready.headers["Retry-After"]) == (503, "read only", "5")
    assert Client().get("/healthz").status_code == 200
    set_writable(True)
    assert Client().get("/readyz").status_code == 200


def test_read_only_database_ends_no_worker_and_no_sweeper(cast: Cast, caplog: Any) -> None:
    """C13: each bell is answered, and what could not be done is due still: no traceback a bell."""
    sweeper = Sweeper()
    with caplog.at_level(logging.WARNING):
        sweeper.sweep()
        for task in (tasks.deliver_all, tasks.bind_by_name, tasks.forget, tasks.reconcile_all):
            task.apply(throw=True)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    set_writable(True)
    sweeper.sweep()
