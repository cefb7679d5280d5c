"""The guide's queue: what cannot be sent is set aside with its reason; nothing behind it waits, is lost, or is sent twice."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients.scripted import Answer, Asked, Scripted, refusal, scripted
from tests.docs.site import CUSTOMER, Process, Site, SiteError, write_site
from tests.simulated import wait_for

USER = {"id": 6, "external_id": str(CUSTOMER)}


class Panel:
    """Answers as it is told to, of orders by their number; what it is told nothing of it takes."""

    def __init__(self) -> None:
        self.replies: dict[str, Answer] = {}
        self.sent: list[Asked] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/users/sync":
            return self.replies.get("user", Answer(body={"status": "success", "message": "", "user": USER}))
        self.sent.append(asked)
        order = asked.body["vps"]["external_id"]
        row = {"id": 100 + len(self.sent), "external_id": order}
        taken = Answer(201, {"status": "success", "message": "", "vps": row})
        return self.replies.get(order, self.replies.get("all", taken))

    @property
    def orders(self) -> list[tuple[str, str]]:
        return [(asked.body["action"], asked.body["vps"]["external_id"]) for asked in self.sent]


@pytest.fixture
def panel() -> Panel:
    return Panel()


@pytest.fixture
def address(panel: Panel) -> Iterator[Scripted]:
    with scripted(panel.answer) as script:
        yield script


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    running = Process()
    yield running
    running.kill()


@pytest.fixture
def other_process() -> Iterator[Process]:
    running = Process()
    yield running
    running.kill()


@pytest.fixture
def site(process: Process, address: Scripted, tmp_path: Path) -> Site:
    write_site(tmp_path)
    made = Site(process, tmp_path, address.url, "the-main-sites-key-of-32-characters")
    made.call("users", "addCustomer", CUSTOMER, "petr", "petr@example.com")
    return made


@pytest.fixture
def other(site: Site, other_process: Process) -> Site:
    """The same site, in a process of its own."""
    return replace(site, process=other_process)


def test_outbox_sets_a_row_aside_that_the_client_refuses_and_sends_those_behind_it(site: Site, panel: Panel) -> None:
    """E1: 8,192 GB by mistake; the client's own refusals have status 0, as a lost answer has."""
    site.sell("wrong", ramGb=8192)
    site.sell("right")
    site.sell("right too")
    (trouble,) = site.deliver()
    assert "wrong" in trouble
    assert "invalid: ram is in GB, and 8192 looks like MB" in trouble
    assert panel.orders == [("create", "right"), ("create", "right too")]
    assert [row["panel_vps_id"] for row in site.rows("SELECT * FROM orders")] == [None, 101, 102]


def test_outbox_sets_aside_what_the_panel_refuses_with_what_follows_of_the_same_order(site: Site, panel: Panel) -> None:
    panel.replies["taken"] = refusal(409, "placement_taken")
    site.sell("taken")
    site.call("orders", "changeOrder", "taken", {"status": "running"})
    site.sell("right")
    troubles = site.deliver()
    assert [line.partition(": ")[2] for line in troubles] == [
        "placement_taken: Because of placement_taken. (X-Request-ID req-1)"
    ] * 2
    assert panel.orders == [("create", "taken"), ("update", "taken"), ("create", "right")]


def test_outbox_retry_sends_the_order_as_it_is_now_in_order_and_under_new_keys(site: Site, panel: Panel) -> None:
    site.sell("wrong", ramGb=8192)
    site.call("orders", "changeOrder", "wrong", {"status": "running"})
    assert len(site.deliver()) == 2
    keys = {row["key"] for row in site.rows("SELECT key FROM panel_outbox")}
    site.call("orders", "changeOrder", "wrong", {"ram_gb": 8})
    site.call("outbox", "retry", "wrong")
    assert site.deliver() == []
    assert [(one.body["action"], one.body["vps"]["ram"], one.body["vps"]["status"]) for one in panel.sent] == [
        ("create", 8192, "running"),
        ("update", 8192, "running"),
        ("update", 8192, "running"),
    ]
    assert not keys & {one.headers["idempotency-key"] for one in panel.sent[:2]}


def test_outbox_forgets_what_was_set_aside_once_a_later_change_is_taken(site: Site, panel: Panel) -> None:
    site.sell("one")
    site.deliver()
    site.call("orders", "changeOrder", "one", {"ram_gb": 4096})
    assert len(site.deliver()) == 1
    site.call("orders", "changeOrder", "one", {"ram_gb": 16})
    assert site.deliver() == []
    assert panel.sent[-1].body["vps"]["ram"] == 16384


def test_outbox_waits_as_a_whole_while_the_panel_is_away_and_sets_nothing_aside(site: Site, panel: Panel) -> None:
    panel.replies["all"] = refusal(503, "service_unavailable")
    site.sell("first")
    site.sell("second")
    pauses = []
    for _ in range(8):
        assert site.deliver() == []
        ((paused_until),) = [row["paused_until"] for row in site.rows("SELECT * FROM panel_queue")]
        pauses.append(round(paused_until / 1000 - time.time()))
        tries = len(panel.sent)
        site.call("outbox", "deliver")
        assert len(panel.sent) == tries, "nothing is sent before the pause is over"
        site.let_time_pass()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    del panel.replies["all"]
    assert site.deliver() == []
    assert panel.orders[-2:] == [("create", "first"), ("create", "second")]
    assert len({one.headers["idempotency-key"] for one in panel.sent}) == 2, "one key for all tries of a job"
    assert site.rows("SELECT failures, paused_until, trouble FROM panel_queue") == [
        {"failures": 0, "paused_until": 0, "trouble": None}
    ]


def test_outbox_waits_as_long_as_the_panel_asks_for(site: Site, panel: Panel) -> None:
    panel.replies["all"] = refusal(429, "too_many_attempts", Retry_After="300")
    site.sell("first")
    site.deliver()
    (row,) = site.rows("SELECT paused_until FROM panel_queue")
    assert 290 < row["paused_until"] / 1000 - time.time() <= 300


@pytest.mark.parametrize("at", ["all", "user"])
def test_outbox_stops_for_a_wrong_key_tells_of_it_and_goes_on_once_it_is_mended(
    site: Site, panel: Panel, at: str
) -> None:
    panel.replies[at] = refusal(401, "invalid_api_key")
    site.sell("first")
    site.sell("second")
    troubles = site.deliver()
    assert troubles == ["Очередь стоит: invalid_api_key: Because of invalid_api_key. (X-Request-ID req-1)"]
    assert site.rows("SELECT count(*) AS jobs, count(problem) AS problems FROM panel_outbox") == [
        {"jobs": 2, "problems": 0}
    ]
    del panel.replies[at]
    site.let_time_pass()
    assert site.deliver() == []
    assert panel.orders[-2:] == [("create", "first"), ("create", "second")]


def test_outbox_lets_others_pass_one_that_fails_each_time_as_if_the_panel_were_away(site: Site, panel: Panel) -> None:
    """A bug of the panel's may answer one body with 500 for ever."""
    panel.replies["cursed"] = refusal(500, "internal_error")
    site.sell("cursed")
    site.sell("second")
    site.sell("third")
    site.deliver()
    site.rows("UPDATE panel_queue SET paused_until = 0")
    site.deliver()
    assert panel.orders == [("create", "cursed"), ("create", "second"), ("create", "third")]


def test_outbox_sends_the_same_again_where_the_answer_was_lost(site: Site, panel: Panel) -> None:
    panel.replies["one"] = Answer(drops=True)
    site.sell("one")
    site.deliver()
    del panel.replies["one"]
    site.let_time_pass()
    assert site.deliver() == []
    first, second = panel.sent
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body
    assert "occurred_at" in first.body


def test_outbox_gives_a_job_to_one_of_two_processes(site: Site, other: Site, panel: Panel) -> None:
    orders = [f"order-{at}" for at in range(20)]
    for order in orders:
        site.sell(order)
        panel.replies[order] = Answer(201, {"status": "success", "message": "", "vps": {"id": 1}}, stalls=0.02)
    for each in (site, other):
        each.ask("outbox", "deliver")
    for each in (site, other):
        each.process.answer()
    assert sorted(panel.orders) == sorted(("create", order) for order in orders)
    assert site.troubles() == []


def test_outbox_of_a_process_that_was_killed_in_the_middle_is_sent_by_the_next(
    site: Site, other: Site, panel: Panel
) -> None:
    panel.replies["one"] = Answer(stalls=5)
    site.sell("one")
    other.ask("outbox", "deliver")
    wait_for(lambda: panel.sent, 30, "the first try")
    other.process.kill()
    del panel.replies["one"]
    site.deliver()
    assert len(panel.sent) == 1, "it is the other's still, who may live"
    site.let_time_pass()
    assert site.deliver() == []
    first, second = panel.sent
    assert (first.headers["idempotency-key"], first.body) == (second.headers["idempotency-key"], second.body)


def test_outbox_keeps_the_order_of_what_one_order_has_to_tell(site: Site, other: Site, panel: Panel) -> None:
    site.sell("one")
    site.call("orders", "changeOrder", "one", {"status": "running"})
    site.call("orders", "removeOrder", "one")
    for each in (site, other):
        each.ask("outbox", "deliver")
    for each in (site, other):
        each.process.answer()
    site.deliver()
    assert panel.orders == [("create", "one"), ("update", "one"), ("delete", "one")]


@pytest.mark.parametrize("plan", [{"placement": {"vmid": "114n"}}, {"cpu": None}])
def test_enqueue_of_what_cannot_be_written_undoes_the_order(site: Site, plan: dict[str, Any]) -> None:
    with pytest.raises(SiteError):
        site.sell("one", **plan)
    assert site.rows("SELECT id FROM orders UNION ALL SELECT id FROM panel_outbox") == []


def test_enqueue_that_fails_undoes_the_order(site: Site) -> None:
    site.rows("CREATE TRIGGER full BEFORE INSERT ON panel_outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    with pytest.raises(SiteError, match="the disk is full"):
        site.sell("one")
    assert site.rows("SELECT id FROM orders") == []


def test_outbox_sends_nothing_of_an_order_before_what_was_first(site: Site, panel: Panel) -> None:
    panel.replies["one"] = refusal(503, "service_unavailable")
    site.sell("one")
    site.call("orders", "changeOrder", "one", {"status": "running"})
    site.sell("other")
    site.deliver()
    site.rows("UPDATE panel_queue SET paused_until = 0")
    site.deliver()
    assert panel.orders == [("create", "one"), ("create", "other")]


def test_outbox_tells_of_what_waits_for_more_than_ten_minutes(site: Site, panel: Panel) -> None:
    panel.replies["all"] = refusal(503, "service_unavailable")
    site.sell("one")
    assert site.deliver() == []
    site.rows("UPDATE panel_outbox SET queued_at = queued_at - 11 * 60000")
    (trouble,) = site.troubles()
    assert trouble.startswith("Заказ one ждёт с ")


def test_outbox_takes_the_end_of_an_order_that_the_panel_never_had_for_done(site: Site, panel: Panel) -> None:
    site.sell("wrong", ramGb=8192)
    assert len(site.deliver()) == 1
    panel.replies["wrong"] = refusal(404, "vps_not_found")
    site.call("orders", "removeOrder", "wrong")
    assert site.deliver() == []
    assert site.rows("SELECT * FROM panel_outbox") == []


def test_outbox_asks_anew_who_the_owner_is(site: Site, panel: Panel) -> None:
    """A panel that was restored may have given the number to somebody else."""
    site.sell("one")
    site.deliver()
    user = {"status": "success", "message": "", "user": USER | {"id": 9}}
    panel.replies["user"] = Answer(body=user)
    site.call("orders", "changeOrder", "one", {"status": "running"})
    site.deliver()
    assert [one.body["vps"]["user_id"] for one in panel.sent] == [6, 9]
    assert site.rows("SELECT panel_user_id FROM customers") == [{"panel_user_id": 9}]
