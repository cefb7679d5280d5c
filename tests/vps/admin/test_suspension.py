"""Why a server is suspended, as staff see it: on its page, and in the list, which finds servers by it."""

import html
import re
from typing import Any

import pytest
from django.utils import timezone

from vps.models import Suspension, Vps

SINCE = "2026-01-02T03:04Z"
BILL = {"reason": "unpaid", "message": "Bill <b>1042</b>\nof May", "pay_url": "https://example.com/pay?n=1&m=2"}


def field(admin: Any, vps: Vps) -> str:
    """What its page says of the suspension, line by line."""
    page = admin.get(f"/admin/vps/vps/{vps.pk}/change/").content.decode()
    (found,) = re.findall(r'field-suspended">.*?<div class="readonly">(.*?)</div>', page, re.DOTALL)
    return html.unescape(found.replace("<br>", " | "))


def names(admin: Any, query: str) -> list[str]:
    page = admin.get(f"/admin/vps/vps/?{query}").content.decode()
    return sorted(re.findall(r'field-name"><a [^>]*><span title="[^"]*">(.*?)</span></a>', page))


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice, status="suspended")
    bind(vps, power="running")
    return vps


@pytest.mark.parametrize(
    ("columns", "power", "sentence"),
    [
        ({"power": "keep"}, "running", "its power is left as it is"),
        ({"power": "stop", "tries": 3}, "running", "to be stopped: it is not seen stopped, tried so often: 3"),
        ({"power": "stop"}, "unknown", "to be stopped: it is not seen stopped, tried so often: 0"),
        ({"power": "stop"}, "stopped", "to be stopped: it is seen stopped"),
    ],
)
def test_server_page_of_staff_has_the_suspension_with_all_that_is_known(
    admin: Any, shop: Vps, columns: dict[str, Any], power: str, sentence: str
) -> None:
    Suspension.objects.create(vps=shop, since=SINCE, **BILL | columns)
    type(shop.placement).objects.update(power=power)
    assert field(admin, shop) == (
        f"unpaid, since 2026-01-02 03:04 UTC | Bill <b>1042</b> | of May | https://example.com/pay?n=1&m=2 | {sentence}"
    )
    page = admin.get(f"/admin/vps/vps/{shop.pk}/change/").content.decode()
    assert "<b>1042" not in page
    assert 'name="suspended"' not in page, "it is the main site's to say"


def test_server_page_of_staff_says_where_nothing_is_known_of_a_suspension(admin: Any, shop: Vps) -> None:
    assert field(admin, shop) == "no reason given | its power is left as it is"


def test_server_page_of_staff_says_what_is_owed_when_a_suspension_has_ended(admin: Any, shop: Vps) -> None:
    Suspension.objects.create(vps=shop, ended_at=SINCE, has_stopped=True, power_before="running", **BILL)
    Vps.objects.update(status="stopped")
    assert field(admin, shop) == "ended 2026-01-02 03:04 UTC; its guest is to be started again"
    Suspension.objects.update(power_before="stopped")
    assert field(admin, shop) == "—"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["abused", "again", "bare", "ended", "paid", "unpaid", "unsaid"]),
        ("suspended=unpaid", ["unpaid"]),
        ("suspended=abuse", ["abused"]),
        ("suspended=staff", []),
        ("suspended=untold", ["again", "bare", "unsaid"]),
        ("suspended=nonsense", []),
    ],
)
def test_server_list_of_staff_finds_servers_by_why_they_are_suspended(
    admin: Any, alice: Any, make_vps: Any, query: str, found: list[str]
) -> None:
    """Of one that is suspended again, what was said the time before says nothing."""
    rows: dict[str, dict[str, Any]] = {
        "unpaid": {"reason": "unpaid"},
        "abused": {"reason": "abuse"},
        "bare": {"reason": ""},
        "ended": {"reason": "unpaid", "ended_at": timezone.now()},
        "again": {"reason": "unpaid", "ended_at": timezone.now()},
    }
    for name, columns in rows.items():
        vps = make_vps(alice, name=name, status="stopped" if name == "ended" else "suspended")
        Suspension.objects.create(vps=vps, **columns)
    make_vps(alice, name="unsaid", status="suspended")
    make_vps(alice, name="paid")
    assert names(admin, query) == found


def test_server_list_of_staff_says_why_each_is_suspended_in_the_same_number_of_queries(
    admin: Any, alice: Any, make_vps: Any, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        vps = make_vps(alice, name=f"shop-{number}", status="suspended")
        Suspension.objects.create(vps=vps, reason="unpaid")
        if number in (0, 29):
            with django_assert_num_queries(9):
                page = admin.get("/admin/vps/vps/").content.decode()
    assert page.count('Suspended</span>\n <span class="small text-secondary">unpaid</span>') == 30
