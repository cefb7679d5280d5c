"""My servers and the page of one, as Alice's browser gets them; without JavaScript nothing else is needed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from vps import observations
from vps.models import Operation

IN_MINUTES = timedelta(minutes=5)


def operation_of(vps: Any, **columns: Any) -> Operation:
    defaults = {"kind": "reboot", "source": "page", "deadline_at": timezone.now() + IN_MINUTES}
    made: Operation = Operation.objects.create(vps=vps, **defaults | columns)
    return made


def text(answer: Any) -> str:
    """The page as it is read: without tags, with single spaces."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def names(answer: Any) -> list[str]:
    return [vps.name for vps in answer.context["page"]]


# The list


def test_server_list_shows_staff_their_own_servers_alone(as_user: Any, alice: Any, carol: Any, make_vps: Any) -> None:
    vps = make_vps(alice, name="alices")
    browser = as_user(carol)
    assert "alices" not in text(browser.get("/"))
    assert browser.get(f"/vps/{vps.id}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=SHOP", ["shop"]),
        ("q=192.0.2.9", ["mail"]),
        ("q=alma", ["Почта"]),
        ("q=почт", ["Почта"]),
        ("status=stopped", ["mail"]),
        ("status=running", ["shop"]),
        ("status=not_connected", ["Почта"]),
        ("status=nonsense", ["mail", "shop", "Почта"]),
        ("q=mail&status=running", []),
    ],
)
def test_server_list_finds_servers_by_name_address_system_and_status(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, query: str, found: list[str]
) -> None:
    bind(make_vps(alice, name="shop"))
    bind(make_vps(alice, name="mail", ip_address="192.0.2.9", status="stopped"), 101)
    make_vps(alice, name="Почта", os="AlmaLinux 9")
    assert names(as_user(alice).get(f"/?{query}")) == found


def test_server_list_where_nothing_is_found_offers_to_show_all(as_user: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice, name="shop")
    answer = as_user(alice).get("/?q=nothing-like-it")
    assert "Nothing found" in text(answer)
    assert "Your servers will be here" not in text(answer)


def test_server_list_goes_on_on_the_next_page_with_the_same_search(as_user: Any, alice: Any, make_vps: Any) -> None:
    for number in range(51):
        make_vps(alice, name=f"node-{number:02}")
    browser = as_user(alice)
    first = browser.get("/?q=node")
    assert "Page 1 of 2" in text(first)
    after = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert after is not None
    assert names(browser.get(after[1].replace("&amp;", "&"))) == ["node-50"]


def test_fragment_for_htmx_is_the_list_alone_or_one_row_alone(as_user: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, name="shop")
    browser = as_user(alice)
    for path in ("/?q=shop", f"/vps/{vps.id}/row/", f"/vps/{vps.id}/status/"):
        fragment = browser.get(path, headers={"hx-request": "true"}).content.decode()
        assert "shop" in fragment
        assert "<html" not in fragment


# One server


def test_server_page_shows_all_that_is_known(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice, name="shop", ip_address="192.0.2.7", cpu=4, ram=1536, disk=80, os="Ubuntu 24.04")
    bind(vps, kind="lxc")
    page = text(as_user(alice).get(f"/vps/{vps.id}/"))
    for known in ("shop", "Running", "192.0.2.7", "Ubuntu 24.04", "1.5 GB", "80 GB", "Container"):
        assert known in page


def test_server_page_of_a_number_that_is_too_large_is_404(as_user: Any, alice: Any) -> None:
    assert as_user(alice).get("/vps/99999999999999999999/").status_code == 404


def test_server_page_shows_a_state_that_is_not_fresh_as_unknown_with_its_time(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    cluster.seen_at = timezone.now() - timedelta(hours=1)
    cluster.save()
    page = text(as_user(alice).get(f"/vps/{vps.id}/"))
    assert "Unknown" in page
    assert "No contact with the hypervisor since" in page
    assert f"{cluster.seen_at:%-d %B, %H:%M} UTC" in page
    assert "The hypervisor does not answer" in page


def test_server_page_lists_the_last_operations_with_who_asked_and_how_they_ended(
    as_user: Any, alice: Any, make_vps: Any, asked: Any
) -> None:
    vps = make_vps(alice)
    asked(vps, "start", alice, state="succeeded")
    asked(vps, "stop", alice, state="failed", error_code="timed_out", error_detail="TASK ERROR 42")
    page = text(as_user(alice).get(f"/vps/{vps.id}/"))
    assert re.search(r"Start Done in 42 s · you, from the panel \d+ \w+, \S+ UTC", page)
    assert "Stop failed The operation did not finish in time." in page
    assert "TASK ERROR" not in page


def test_server_page_shows_how_far_an_operation_is_and_asks_again_soon(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    assert "every 10s" in browser.get(f"/vps/{vps.id}/").content.decode()
    operation_of(vps, state="running", step="working")
    page = browser.get(f"/vps/{vps.id}/")
    assert "Reboot started at" in text(page)
    assert re.search(r"Done: Passed to the hypervisor.*The system is shutting down.*Checking that it is up", text(page))
    assert "every 2s" in page.content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page.content.decode()


def test_history_is_pending_then_ready_and_unavailable_without_a_guest(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    bound, unbound = make_vps(alice), make_vps(alice)
    bind(bound)
    browser = as_user(alice)
    asked = browser.get(f"/vps/{bound.id}/history/day/").json()
    assert (asked["state"], asked["points"]) == ("pending", [])
    observations.store_history(bound.placement.pk, "day", {"state": "ready", "points": [{"time": 1}]})
    assert browser.get(f"/vps/{bound.id}/history/day/").json()["points"] == [{"time": 1}]
    assert browser.get(f"/vps/{unbound.id}/history/day/").json()["state"] == "unavailable"
    assert browser.get(f"/vps/{bound.id}/history/decade/").status_code == 404


# Why nothing can be pressed

GONE = "The server was not found on its cluster."
MISMATCH = "Another machine was found in this server"
UNREACHABLE = "The hypervisor does not answer"
LONG_AGO = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def in_trouble(trouble: str, vps: Any, bind: Any, cluster: Any) -> None:
    placements: dict[str, dict[str, Any]] = {
        "missing": {"missing_since": LONG_AGO},
        "mismatch": {
            "missing_since": LONG_AGO,
            "identity_mismatch": "uuid-9",
            "power": "unknown",
            "power_since": LONG_AGO,
        },
        "on an unreachable node": {"power": "unknown", "power_since": LONG_AGO},
    }
    bind(vps, **placements.get(trouble, {}))
    if trouble == "on an unreachable cluster":
        type(cluster).objects.update(seen_at=LONG_AGO)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("on an unreachable cluster", UNREACHABLE),
        ("on an unreachable node", UNREACHABLE),
        ("missing", GONE),
        ("mismatch", MISMATCH),
    ],
)
@pytest.mark.parametrize("path", ["/vps/{}/", "/vps/{}/status/"])
def test_server_page_shows_what_is_unknown_with_since_when_and_why(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any, trouble: str, why: str, path: str
) -> None:
    """In words that are on the page: a title cannot be read on a phone."""
    vps = make_vps(alice)
    in_trouble(trouble, vps, bind, cluster)
    answer = as_user(alice).get(path.format(vps.pk))
    assert "Unknown" in text(answer)
    assert "since 2 January, 03:04 UTC" in text(answer)
    assert why in text(answer)
    assert "<button" in answer.content.decode()
    assert f"/vps/{vps.pk}/power/reboot/" not in answer.content.decode()


def test_server_list_shows_why_nothing_can_be_pressed(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps, power="unknown")
    answer = as_user(alice).get("/")
    assert "No contact with the hypervisor since" in text(answer)
    assert f'aria-describedby="why-off-{vps.pk}"' in answer.content.decode()
    assert f'id="why-off-{vps.pk}"' in answer.content.decode()


def test_power_buttons_that_an_open_operation_disables_show_why(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any
) -> None:
    vps = make_vps(alice)
    in_trouble("on an unreachable cluster", vps, bind, cluster)
    operation_of(vps, step="silent")
    page = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert f'aria-describedby="why-off-{vps.pk}"' in page
    assert f'id="why-off-{vps.pk}"' in page


def test_power_buttons_of_a_guest_that_was_just_bound_can_be_pressed(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps, power="unknown", identity="")
    page = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert "Unknown</span>" in page
    assert f"/vps/{vps.pk}/power/start/" in page


# A server that the panel gave up

NOT_IN_TIME = "The server was not created in time."


@pytest.fixture
def given_up(alice: Any, make_vps: Any) -> Any:
    vps = make_vps(alice, status="creating")
    type(vps).objects.gave_up([vps], "creating_timed_out")
    return vps


def test_why_in_error_of_a_server_that_was_not_created_in_time_is_shown(
    as_user: Any, alice: Any, given_up: Any
) -> None:
    for path in ("", "status/"):
        assert NOT_IN_TIME in text(as_user(alice).get(f"/vps/{given_up.pk}/{path}"))


def test_why_in_error_is_gone_once_the_main_site_writes_an_error_itself(
    as_user: Any, alice: Any, given_up: Any, main_site: Any
) -> None:
    for status in ("running", "error"):
        assert main_site("update", id=given_up.pk, status=status).status_code == 200
    page = text(as_user(alice).get(f"/vps/{given_up.pk}/")).partition("Last activity")[0]
    assert "Error" in page
    assert NOT_IN_TIME not in page


def test_why_in_error_costs_one_query_and_only_where_it_is_shown(
    as_user: Any, alice: Any, make_vps: Any, given_up: Any, django_assert_num_queries: Any
) -> None:
    browser, well = as_user(alice), make_vps(alice)
    with django_assert_num_queries(7):
        browser.get(f"/vps/{well.pk}/")
    with django_assert_num_queries(8):
        browser.get(f"/vps/{given_up.pk}/")
    with django_assert_num_queries(8):
        assert NOT_IN_TIME in text(browser.get("/"))


def test_server_that_was_deleted_is_told_as_that_to_whose_it_was_and_to_nobody_else(
    as_user: Any, alice: Any, bob: Any, make_vps: Any, main_site: Any
) -> None:
    """F16: of one that is another's now, or never was, the same is said as of one that is not there."""
    shop, moved = make_vps(alice), make_vps(bob)
    main_site("delete", id=shop.pk)

    def shown(user: Any, id: int) -> str:
        answer = as_user(user).get(f"/vps/{id}/status/", headers={"hx-request": "true"})
        assert answer.status_code == 404
        return text(answer)

    assert "This server was deleted." in shown(alice, shop.pk)
    assert "There is no such server." in shown(bob, shop.pk)
    assert "There is no such server." in shown(alice, moved.pk)
