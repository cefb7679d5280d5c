"""My servers: chips with counts, order, what each row says, and what an open list asks for again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.vps.use import keep_use
from vps.models import Notice, Operation, Suspension, Vps
from vps.models.narrowing import NAMES, ORDERS
from vps.views import list_parts

LIVE = {"hx-request": "true"}

USED = {"cpu": 0.71, "ram_used": 88, "ram_total": 100}


def html(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()  # type: ignore[no-any-return]


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html(answer)).split())


def names(answer: Any) -> list[str]:
    return [row.vps.name for row in answer.context["rows"]]


def chips(answer: Any) -> dict[str, int]:
    return {chip.name: chip.number for chip in answer.context["chips"]}


def under_way(vps: Vps, **columns: Any) -> Operation:
    defaults = {"kind": "reboot", "source": "page", "deadline_at": timezone.now() + timedelta(minutes=5)}
    made: Operation = Operation.objects.create(vps=vps, **defaults | columns)
    return made


def failed(vps: Vps) -> Notice:
    operation = under_way(vps, state="failed", error_code="timed_out", finished_at=timezone.now())
    columns = {"user": vps.user, "vps_name": vps.name, "operation": operation, "kind": "reboot", "outcome": "failed"}
    made: Notice = Notice.objects.create(vps=vps, **columns)
    return made


@pytest.fixture
def fleet(alice: Any, make_vps: Any, bind: Any) -> dict[str, Vps]:
    """Alice's, by name: one of every chip, and one whose reboot has failed."""
    made = {
        "blog": make_vps(alice, name="blog", status="stopped"),
        "ci": make_vps(alice, name="ci"),
        "db": make_vps(alice, name="db"),
        "new": make_vps(alice, name="new", status="creating"),
        "old": make_vps(alice, name="old", status="suspended"),
        "shop": make_vps(alice, name="shop"),
    }
    for number, name in enumerate(("blog", "ci", "db", "shop")):
        bind(made[name], 100 + number)
    under_way(made["ci"])
    failed(made["db"])
    return made


# Chips


def test_server_list_counts_what_each_chip_finds(as_user: Any, alice: Any, fleet: Any) -> None:
    """F13."""
    page = as_user(alice).get("/")
    assert chips(page) == {"": 6, "attention": 2, "running": 2, "stopped": 1, "in_progress": 2, "suspended": 1}
    assert "Need attention 2" in text(page)
    assert 'My servers <span class="count" id="count">6</span>' in html(page)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("attention", ["db", "old"]),
        ("running", ["db", "shop"]),
        ("stopped", ["blog"]),
        ("in_progress", ["ci", "new"]),
        ("suspended", ["old"]),
        ("creating", ["new"]),
        ("nonsense", ["blog", "ci", "db", "new", "old", "shop"]),
    ],
)
def test_server_list_is_narrowed_by_a_chip(as_user: Any, alice: Any, fleet: Any, state: str, found: list[str]) -> None:
    assert names(as_user(alice).get(f"/?state={state}")) == found


def test_server_list_has_a_chip_for_each_thing_that_there_is_and_for_the_one_that_is_chosen(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    bind(make_vps(alice))
    browser = as_user(alice)
    assert chips(browser.get("/")) == {"": 1, "running": 1}
    assert chips(browser.get("/?state=stopped")) == {"": 1, "running": 1, "stopped": 0}
    page = browser.get("/?state=error")
    assert chips(page) == {"": 1, "running": 1, "error": 0}
    assert '<a class="chip" id="chip-error" href="/?state=error" aria-current="true">' in html(page)


def test_server_list_keeps_search_and_order_in_its_chips_and_counts_what_the_search_finds(
    as_user: Any, alice: Any, fleet: Any
) -> None:
    page = as_user(alice).get("/?q=o&sort=-name&page=3")
    assert chips(page) == {"": 3, "attention": 1, "running": 1, "stopped": 1, "suspended": 1}
    assert names(page) == ["shop", "old", "blog"]
    assert 'href="/?q=o&amp;state=running&amp;sort=-name"' in html(page)
    assert 'id="count">6</span>' in html(page), "the title counts all"


def test_server_list_of_an_address_of_the_release_before_is_narrowed_as_it_was(
    as_user: Any, alice: Any, fleet: Any
) -> None:
    page = as_user(alice).get("/?q=&status=stopped&page=1")
    assert names(page) == ["blog"]
    assert page.context["here"] == "/?state=stopped"


# Order


@pytest.mark.parametrize("order", ["", "-"])
@pytest.mark.parametrize("sort", sorted(ORDERS))
def test_server_list_stands_in_each_order_and_says_so_to_screen_readers(
    as_user: Any, alice: Any, fleet: Any, sort: str, order: str
) -> None:
    """F13."""
    page = as_user(alice).get(f"/?sort={order}{sort}")
    assert sorted(names(page)) == sorted(fleet)
    way = "descending" if order else "ascending"
    marked = re.findall(r'<th class="c-(\w+)" role="columnheader" aria-sort="(\w+)">', html(page))
    assert marked == ([] if sort == "created" else [(sort, way)])
    assert f'<option value="{order}{sort}" selected>' in html(page), "so that a search on a phone keeps it"


def test_server_list_heads_lead_to_their_order_and_then_the_other_way_round(
    as_user: Any, alice: Any, fleet: Any
) -> None:
    browser = as_user(alice)
    assert 'id="sort-name" href="/?sort=-name"' in html(browser.get("/"))
    assert 'id="sort-name" href="/"' in html(browser.get("/?sort=-name"))
    assert 'id="sort-size" href="/?state=running&amp;sort=size"' in html(browser.get("/?state=running&page=9"))


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=99999999999", "sort=password", "q=%00", "state=%00"]
)
def test_server_list_takes_no_harm_from_an_odd_address(as_user: Any, alice: Any, fleet: Any, query: str) -> None:
    assert sorted(names(as_user(alice).get(f"/?{query}"))) == sorted(fleet)


# Rows


def line(answer: Any, vps: Vps) -> str:
    """What the row of this server says, as it is read."""
    found = re.search(rf'<tr id="vps-{vps.pk}".*?</tr>', html(answer), re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def test_server_list_says_under_each_state_why_or_since_when(as_user: Any, alice: Any, fleet: Any) -> None:
    keep_use(fleet["shop"].placement, **USED, uptime_s=6 * 86400 + 4 * 3600)
    page = as_user(alice).get("/")
    assert re.search(r"Stopped since \d+ \w+, \d\d:\d\d UTC", line(page, fleet["blog"]))
    assert "Rebooting Passed to the hypervisor" in line(page, fleet["ci"])
    assert re.search(r"Running Reboot failed, \d+ \w+, \d\d:\d\d UTC", line(page, fleet["db"]))
    assert f'href="/vps/{fleet["db"].pk}/#failure"' in html(page)
    assert "Being created Will appear here by itself. Being created since" in line(page, fleet["new"])
    assert "Suspended This server is suspended." in line(page, fleet["old"])
    assert "Running 6 d 4 h" in line(page, fleet["shop"])


def test_server_list_shows_the_load_of_what_runs_and_a_dash_of_what_is_not_known(
    as_user: Any, alice: Any, fleet: Any
) -> None:
    keep_use(*(fleet[name].placement for name in ("shop", "blog")), **USED, uptime_s=9)
    page = as_user(alice).get("/")
    assert "CPU 71% RAM 88%" in line(page, fleet["shop"])
    for name in ("blog", "db", "new", "old"):
        assert "CPU 71%" not in line(page, fleet[name])
        assert "—" in line(page, fleet[name])


UNSEEN = [
    ({"power": "unknown"}, "Unknown No contact with the hypervisor since {when}. Was running before"),
    ({"missing_since": True}, "Unknown Not found on its hypervisor since {when}. Our staff already know"),
    (
        {"missing_since": True, "identity_mismatch": "uuid-9"},
        "Unknown Another machine has been in its place since {when}. Our staff already know",
    ),
    (None, "Not connected The panel does not see this server. Our staff already know"),
]


@pytest.mark.parametrize(("columns", "words"), UNSEEN)
def test_server_list_says_why_nobody_sees_a_server(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, columns: Any, words: str
) -> None:
    vps = make_vps(alice)
    if columns is not None:
        now = timezone.now()
        bind(vps, **{name: now if value is True else value for name, value in columns.items()})
    pattern = re.escape(words).replace(r"\{when\}", r"\d+ \w+, \d\d:\d\d UTC ?")
    assert re.search(pattern, line(as_user(alice).get("/"), vps))


def test_server_list_leads_to_support_where_nothing_can_be_done_here(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, settings: Any
) -> None:
    settings.SUPPORT_URL = "https://example.com/support"
    lost, broken = make_vps(alice, name="lost"), make_vps(alice, name="broken", status="error")
    unpaid = make_vps(alice, name="unpaid", status="suspended")
    Suspension.objects.create(vps=unpaid, reason="unpaid", pay_url="https://example.com/pay")
    page = as_user(alice).get("/")
    assert "Write to support" in line(page, lost)
    assert "Write to support" in line(page, broken)
    assert "Pay" in line(page, unpaid)
    assert "Write to support" not in line(page, unpaid)


def test_server_list_breaks_an_address_of_ipv6_between_its_groups(as_user: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice, ip_address="2001:db8::1")
    page = html(as_user(alice).get("/"))
    assert "2001:<wbr>db8:<wbr>:<wbr>1" in page
    assert 'data-copy="2001:db8::1"' in page


def test_server_list_says_in_words_why_a_server_is_in_error(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    """Where its power can be asked for and the panel does not know the reason, too."""
    lost, bound = make_vps(alice, name="lost", status="error"), make_vps(alice, name="bound", status="error")
    bind(bound, power="running")
    page = as_user(alice).get("/")
    assert "This server is not connected to its hypervisor yet." in line(page, lost)
    assert "Error Our staff see the reason." in line(page, bound)


def test_server_list_and_page_write_large_sizes_in_groups(as_user: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, cpu=1024, ram=4_194_304, disk=1_048_576)
    browser = as_user(alice)
    assert "1,024 CPU · 4 TB 1,048,576 GB" in line(browser.get("/"), vps)
    assert "1,024 CPU · 4 TB · 1,048,576 GB" in text(browser.get(f"/vps/{vps.pk}/"))


# An open list

BODY = 8


@pytest.mark.parametrize("count", [1, 16])
def test_server_list_and_its_rows_cost_the_same_queries_whatever_their_number(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, django_assert_num_queries: Any, count: int
) -> None:
    """Session, user, counts, rows, operations, failures, why servers are in error, and on a page what is not seen yet."""
    ids = []
    for number in range(count):
        vps = make_vps(alice, name=f"node-{number}")
        bind(vps, 100 + number)
        under_way(vps)
        failed(make_vps(alice, name=f"failed-{number}"))
        type(vps).objects.gave_up([make_vps(alice, status="creating")], "creating_timed_out")
        ids.append(f"id={vps.pk}")
    browser = as_user(alice)
    with django_assert_num_queries(BODY):
        browser.get("/")
    with django_assert_num_queries(BODY - 2):
        browser.get(f"/rows/?{'&'.join(ids)}")
    with django_assert_num_queries(BODY):
        browser.get(f"/rows/?whole=&{'&'.join(ids)}")


def test_rows_are_those_that_are_asked_for_with_the_counts_and_what_is_gone(
    as_user: Any, alice: Any, bob: Any, fleet: Any, make_vps: Any
) -> None:
    bobs = make_vps(bob, name="bobs")
    ids = [fleet["db"].pk, fleet["shop"].pk, bobs.pk, 987654, fleet["db"].pk]
    answer = as_user(alice).get("/rows/", {"id": [*ids, "x", "-1", "9" * 40]}, headers=LIVE)
    assert re.findall(r'<tr id="vps-(\d+)" class="server"', html(answer)) == [str(ids[0]), str(ids[1])]
    for gone in (bobs.pk, 987654):
        assert f'<tr id="vps-{gone}" hx-swap-oob="delete">' in html(answer)
    assert "bobs" not in html(answer)
    assert '<nav class="chips" id="chips"' in html(answer)
    assert '<span class="count" id="count" hx-swap-oob="true">6</span>' in html(answer)
    assert html(answer).count('hx-swap-oob="true"') == 5, "two rows, chips, order and count"


def test_rows_of_a_narrowed_list_stay_though_they_are_no_longer_found(as_user: Any, alice: Any, fleet: Any) -> None:
    """Whoever has just pressed Start under Stopped sees it start there."""
    answer = as_user(alice).get(
        f"/rows/?state=stopped&whole=&id={fleet['blog'].pk}&id={fleet['shop'].pk}", headers=LIVE
    )
    assert re.findall(r'<tr id="vps-(\d+)" class="server"', html(answer)) == [
        str(fleet[n].pk) for n in ("blog", "shop")
    ]
    assert 'id="chip-stopped" href="/?state=stopped" aria-current="true"' in html(answer)


def test_rows_are_the_whole_list_where_it_has_one_that_is_not_shown(as_user: Any, alice: Any, fleet: Any) -> None:
    shown = "&".join(f"id={vps.pk}" for name, vps in fleet.items() if name != "new")
    browser = as_user(alice)
    assert 'id="servers"' not in html(browser.get(f"/rows/?{shown}", headers=LIVE))
    whole = html(browser.get(f"/rows/?whole=&{shown}", headers=LIVE))
    assert re.search(r'<div id="servers"[^>]* hx-swap-oob="true">', whole)
    assert f'<tr id="vps-{fleet["new"].pk}"' in whole
    everything = f"{shown}&id={fleet['new'].pk}"
    assert 'id="servers"' not in html(browser.get(f"/rows/?whole=&{everything}", headers=LIVE))


def test_rows_of_a_list_that_has_none_left_are_its_empty_page(as_user: Any, alice: Any) -> None:
    answer = html(as_user(alice).get("/rows/?whole=&id=987654", headers=LIVE))
    assert "Your servers will be here" in answer
    assert re.search(r'<div id="servers"[^>]* hx-swap-oob="true">', answer)


def test_server_list_as_a_fragment_gives_the_page_its_shortest_address(as_user: Any, alice: Any, fleet: Any) -> None:
    answer = as_user(alice).get("/?q=s&state=&sort=name&page=1", headers=LIVE)
    assert answer["HX-Push-Url"] == "/?q=s"
    assert 'data-rows="/rows/?q=s"' in html(answer)
    assert "<html" not in html(answer)


def test_server_list_leads_to_where_servers_are_ordered(as_user: Any, alice: Any, fleet: Any, settings: Any) -> None:
    settings.SITE_URL = "https://shop.example.com"
    assert 'href="https://shop.example.com"' in html(as_user(alice).get("/"))


def test_names_of_chips_are_conditions() -> None:
    assert set(list_parts.CHIPS) - {""} <= NAMES
    assert set(list_parts.HEADS) <= ORDERS
    assert set(list_parts.ORDERS) | set(list_parts.OTHER_WAY) == ORDERS | {f"-{name}" for name in ORDERS}
