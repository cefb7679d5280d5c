"""The first page of a server: what failed, what stands in its way, how far an operation is, and where it is reached."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Make
from vps.models import Notice, Operation, Vps
from vps.operations.verbs import VERBS
from vps.views.stages import stages_of

LONG_AGO = timezone.now() - timedelta(hours=1)


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def read(browser: Any, vps: Any, tab: str = "", language: str = "en") -> str:
    browser.post("/language/setlang/", {"language": language})
    return browser.get(f"/vps/{vps.pk}/{tab}").content.decode()  # type: ignore[no-any-return]


def callout(page: str) -> str:
    """The first of the page's own parts."""
    own = page[page.index("<section class=") :]
    return own[: own.index("</section>")]


# What failed


@pytest.fixture
def failed(alice: Any, asked: Make) -> Make:
    def fail(vps: Any, kind: str, code: str) -> Operation:
        operation: Operation = asked(vps, kind, alice, state="failed", error_code=code, error_detail="TASK ERROR 42")
        facts = {"user": alice, "vps": vps, "vps_name": vps.name, "operation": operation}
        Notice.objects.create(**facts, kind=kind, outcome="failed")
        return operation

    return fail


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Reboot failed", "What can be done", "Reboot again", "Hard restart…", "you, from the panel", "Dismiss"],
        ),
        ("ru", ["Перезагрузка не удалась", "Что можно сделать", "Повторить перезагрузку", "вы, из панели", "Скрыть"]),
    ],
)
def test_failure_stands_first_and_says_what_is_now_and_what_helps(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, failed: Make, language: str, words: list[str]
) -> None:
    vps = make_vps(alice)
    bind(vps, power="running")
    operation = failed(vps, "reboot", "guest_did_not_shut_down")
    page = read(as_user(alice), vps, language=language)
    first = callout(page)
    assert first.startswith('<section class="callout tone-fail" id="failure"')
    for word in words:
        assert word in text(first)
    assert f'data-copy="{operation.pk}"' in first
    assert "guest_did_not_shut_down" in first
    assert "TASK ERROR" not in page
    assert re.findall(r'formaction="/vps/\d+/power/([a-z-]+)/"', first) == ["reboot", "restart"]
    assert re.findall(r'form="(\w+)"', first) == ["ask", "ask", "act"]


@pytest.mark.parametrize(
    ("code", "is_led"),
    [("hypervisor_refused", True), ("ha_error", True), ("guest_did_not_shut_down", False), ("left_stopped", True)],
)
def test_failure_leads_to_support_where_that_is_its_advice(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, failed: Make, settings: Any, code: str, is_led: bool
) -> None:
    settings.SUPPORT_URL = "https://example.com/support"
    vps = make_vps(alice)
    bind(vps, power="running")
    failed(vps, "reboot", code)
    assert ('href="https://example.com/support"' in callout(read(as_user(alice), vps))) is is_led


def test_failure_offers_nothing_that_cannot_be_done_now(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, failed: Make
) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps, power="stopped")
    failed(vps, "reboot", "did_not_come_back")
    page = read(as_user(alice), vps)
    first = callout(page)
    assert re.findall(r'formaction="/vps/\d+/power/([a-z-]+)/"', first) == ["start"]


def test_failure_is_gone_once_it_was_put_away_or_something_else_is_asked(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, failed: Make, asked: Make
) -> None:
    vps, other = make_vps(alice), make_vps(alice)
    for one in (vps, other):
        failed(one, "reboot", "timed_out")
        assert 'id="failure"' in read(as_user(alice), one)
    Notice.objects.filter(vps=vps).update(seen_at=timezone.now())
    asked(other, "stop", alice)
    for one in (vps, other):
        assert 'id="failure"' not in read(as_user(alice), one)


# What stands in the way

TROUBLES = [
    ("unreachable", "tone-ask", "No contact with the hypervisor since", "Before that it was running."),
    ("missing", "tone-ask", "Not found on its hypervisor since", "The server was not found on its cluster."),
    ("mismatch", "tone-ask", "Another machine is in its place since", "cannot be controlled"),
    ("doubted", "tone-ask", "Its state is being checked since", "Before that it was running."),
    ("paused", "tone-ask", "Paused on the hypervisor since", "Power it off now and start it again"),
    ("unbound", "tone-off", "Not connected", "not connected to its hypervisor yet"),
    ("error", "tone-fail", "Error", "Our staff see the reason."),
    ("creating", "tone-busy", "Being created since", "It appears here by itself"),
]


@pytest.mark.parametrize(("trouble", "tone", "title", "sentence"), TROUBLES)
def test_trouble_is_said_in_words_with_since_when(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any, trouble: str, tone: str, title: str, sentence: str
) -> None:
    vps = make_vps(alice, status=trouble if trouble in Vps.Status.values else "running")
    columns: dict[str, dict[str, Any]] = {
        "missing": {"missing_since": LONG_AGO},
        "mismatch": {"missing_since": LONG_AGO, "identity_mismatch": "uuid-9"},
        "doubted": {"doubted_since": LONG_AGO},
        "paused": {"power": "paused"},
    }
    if trouble != "unbound":
        bind(vps, **{"power": "running"} | columns.get(trouble, {}))
    if trouble == "unreachable":
        type(cluster).objects.update(seen_at=LONG_AGO)
    page = read(as_user(alice), vps)
    first = callout(page)
    assert f'class="callout {tone}"' in first
    assert title in text(first)
    assert sentence in text(first)
    assert 'class="tiles-none"' not in page


def test_trouble_leads_to_support_where_there_is_one_and_waiting_does_not_help(
    as_user: Any, alice: Any, make_vps: Any, settings: Any
) -> None:
    settings.SUPPORT_URL = "https://support.example.com"
    vps = make_vps(alice, status="creating")
    browser = as_user(alice)
    assert "Write to support" not in read(browser, vps)
    Vps.objects.update(updated_at=timezone.now() - timedelta(minutes=16))
    assert "Write to support" in read(browser, vps)
    settings.SUPPORT_URL = ""
    assert "Write to support" not in read(browser, vps)


# How far an operation is

STEPS = [
    ("waiting", 0, ["done", "now", "next", "next"], ""),
    ("silent", 0, ["done", "now", "next", "next"], "does not answer"),
    ("sending", 0, ["done", "now", "next", "next"], ""),
    ("finding", 0, ["done", "now", "next", "next"], "whether the command arrived"),
    ("working", 0, ["done", "done", "now", "next"], ""),
    ("down", 0, ["done", "done", "now", "next"], "is started as soon as it is free"),
    ("confirming", 0, ["done", "done", "done", "now"], "done once it is seen"),
    # Tried again: it does not run backwards.
    ("waiting", 50, ["done", "done", "now", "next"], ""),
    ("working", 80, ["done", "done", "done", "now"], "done once it is seen"),
]


@pytest.mark.parametrize(("step", "most", "states", "hint"), STEPS)
def test_stages_of_an_operation_say_what_is_done_and_what_is_not(
    alice: Any, make_vps: Any, asked: Make, step: str, most: int, states: list[str], hint: str
) -> None:
    operation = asked(make_vps(alice), by=alice, state="running", step=step, most_progress=most)
    stages = stages_of(operation, alice)
    assert [stage.state for stage in stages] == states
    assert stages[0].at == operation.created_at
    now = stages[states.index("now")]
    assert hint in str(now.hint)
    assert (now.until, now.at) == (operation.deadline_at, None)


def test_operation_under_way_offers_the_way_out_alone_and_tells_how_long_it_usually_takes(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, asked: Make
) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    asked(vps, by=alice, state="running", step="working")
    page = read(browser, vps)
    assert "usually up to" not in page
    assert re.findall(r'formaction="/vps/\d+/power/([a-z-]+)/"', page) == ["force-stop"]
    assert str(VERBS["force-stop"].way_out) in text(page)
    assert 'data-say="Reboot: The system is shutting down"' in page
    assert re.search(r'data-until="[^"]+"', page)


# What is known of it


@pytest.mark.parametrize(
    ("columns", "command"),
    [
        ({"ip_address": "192.0.2.7"}, "ssh root@192.0.2.7"),
        ({"ip_address": "2001:db8::7"}, "ssh root@2001:db8::7"),
        ({"ip_address": None}, ""),
        ({"ip_address": "192.0.2.7", "os": "Windows Server 2022"}, ""),
    ],
)
def test_overview_says_how_to_connect_where_that_is_known(
    as_user: Any, alice: Any, make_vps: Any, columns: dict[str, Any], command: str
) -> None:
    page = read(as_user(alice), make_vps(alice, **columns))
    assert (f'data-copy="{command}"' in page) == bool(command)
    assert ("ssh root@" in page) == bool(command)


def test_settings_tell_programs_the_address_and_lead_to_the_order(as_user: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, name="shop")
    page = read(as_user(alice), vps, "settings/")
    assert f'data-copy="http://localhost:5050/api/vps/{vps.pk}"' in page
    assert 'href="https://ospab.host"' in page
    assert 'href="/api/docs"' in page


@pytest.mark.parametrize("tab", ["", "graphs/", "settings/", "activity/"])
def test_tabs_are_addresses_and_only_where_they_have_something_to_show(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, tab: str
) -> None:
    bound, unbound = make_vps(alice), make_vps(alice)
    bind(bound)
    browser = as_user(alice)
    page = read(browser, bound, tab)
    assert re.search(rf'<a href="/vps/{bound.pk}/{tab}" aria-current="page">', page)
    assert f'hx-get="/vps/{bound.pk}/status/?tab={tab.strip("/") or "overview"}"' in page
    assert f'href="/vps/{bound.pk}/graphs/"' in page
    assert f'href="/vps/{unbound.pk}/graphs/"' not in read(browser, unbound, "settings/")


@pytest.mark.parametrize(("tab", "has_overview"), [("overview", True), ("activity", False), ("nonsense", True)])
def test_status_is_the_head_and_of_the_overview_all_below_it(
    as_user: Any, alice: Any, make_vps: Any, tab: str, has_overview: bool
) -> None:
    vps = make_vps(alice)
    page = read(as_user(alice), vps, f"status/?tab={tab}")
    assert f"<h1>{vps.name}</h1>" in page
    assert ("Last activity" in page) == has_overview


def test_overview_costs_the_same_queries_whatever_has_happened(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, asked: Make, django_assert_num_queries: Any
) -> None:
    """Session, user, server, its operations and notices, the last activity, what the reader was not told yet."""
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    with django_assert_num_queries(7):
        browser.get(f"/vps/{vps.pk}/")
    for _number in range(20):
        asked(vps, by=alice, state="succeeded")
    with django_assert_num_queries(7):
        browser.get(f"/vps/{vps.pk}/")
