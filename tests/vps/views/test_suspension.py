"""Why a server is suspended, as its customer reads it on the list and on its page, in both languages."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone, translation

from tests.bells import receiving
from vps import notify
from vps.models import Suspension, Vps
from vps.templatetags.suspension import day

LINK = "https://Pay.example.com:8443/bill?n=1042&order=7"
MESSAGE = "Счёт \"1042\" <b>не</b> оплачен\n{{ vps }} & 'детали' в письме"
NOVEMBER = datetime(timezone.now().year, 11, 24, 9, 30, tzinfo=UTC)
Make = Callable[..., Vps]


@pytest.fixture
def suspended(alice: Any, make_vps: Any, bind: Any) -> Make:
    """Alice's server, suspended since the 24th of November."""

    def make(name: str = "shop", **columns: Any) -> Vps:
        vps: Vps = make_vps(alice, name=name, status="suspended")
        bind(vps, vmid=100 + vps.pk, power="running")
        Suspension.objects.create(vps=vps, since=NOVEMBER, **columns)
        return vps

    return make


def text(page: str) -> str:
    """As it is read: without tags, with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def read(browser: Any, path: str, language: str = "en") -> str:
    browser.post("/language/setlang/", {"language": language})
    return browser.get(path).content.decode()  # type: ignore[no-any-return]


TITLES = {
    ("en", "unpaid"): "Suspended since 24 November: unpaid",
    ("en", "abuse"): "Suspended since 24 November: rules broken",
    ("en", "staff"): "Suspended by our staff since 24 November",
    ("en", "other"): "Suspended since 24 November",
    ("en", ""): "Suspended since 24 November",
    ("ru", "unpaid"): "Приостановлен за неоплату с 24 ноября",
    ("ru", "abuse"): "Приостановлен за нарушение правил с 24 ноября",
    ("ru", "staff"): "Приостановлен нашими сотрудниками с 24 ноября",
    ("ru", "other"): "Приостановлен с 24 ноября",
    ("ru", ""): "Приостановлен с 24 ноября",
}
IN_SHORT = {
    ("en", "unpaid"): "Unpaid since 24 November. Data is kept.",
    ("en", ""): "This server is suspended. Check that it is paid for.",
    ("ru", "unpaid"): "Не оплачен с 24 ноября. Данные целы.",
    ("ru", "abuse"): "За нарушение правил с 24 ноября. Данные целы.",
    ("ru", "staff"): "Нашими сотрудниками с 24 ноября. Данные целы.",
    ("ru", "other"): "С 24 ноября. Данные целы.",
}


@pytest.mark.parametrize(("language", "reason"), TITLES)
@pytest.mark.parametrize("path", ["/vps/{}/", "/vps/{}/status/"])
def test_server_page_says_first_why_it_is_suspended_and_since_when(
    as_user: Any, alice: Any, suspended: Make, language: str, reason: str, path: str
) -> None:
    vps = suspended(reason=reason)
    page = read(as_user(alice), path.format(vps.pk), language)
    first = page[page.index("<section class=") :]
    assert first.startswith('<section class="callout tone-susp"')
    assert TITLES[language, reason] in text(first)


@pytest.mark.parametrize(("language", "reason"), IN_SHORT)
@pytest.mark.parametrize("path", ["/", "/vps/{}/row/"])
def test_server_list_says_under_the_state_why_it_is_suspended(
    as_user: Any, alice: Any, suspended: Make, language: str, reason: str, path: str
) -> None:
    vps = suspended(reason=reason)
    page = read(as_user(alice), path.format(vps.pk), language)
    assert IN_SHORT[language, reason] in text(page)


def test_server_page_shows_the_main_sites_message_as_it_came(as_user: Any, alice: Any, suspended: Make) -> None:
    """Markup and template syntax in it are text, and its lines stay lines."""
    vps = suspended(reason="other", message=MESSAGE)
    page = read(as_user(alice), f"/vps/{vps.pk}/")
    (shown,) = re.findall(r"<q>(.*?)</q>", page, re.DOTALL)
    assert html.unescape(shown) == MESSAGE
    assert "<b>" not in shown


@pytest.mark.parametrize("path", ["/", "/vps/{}/", "/vps/{}/row/", "/vps/{}/status/"])
def test_pay_link_leads_to_where_the_main_site_says(as_user: Any, alice: Any, suspended: Make, path: str) -> None:
    vps, unlinked = suspended(reason="unpaid", pay_url=LINK), suspended("unlinked", reason="unpaid")
    browser = as_user(alice)
    (link,) = re.findall(
        r'<a class="btn btn-primary(?! d-none)[^>]*>.*?</a>', read(browser, path.format(vps.pk)), re.DOTALL
    )
    assert f'href="{html.escape(LINK)}"' in link
    assert 'target="_blank" rel="noopener"' in link
    assert text(link) == ("Pay" if path in ("/", "/vps/{}/row/") else "Pay at pay.example.com")
    assert path == "/" or "btn-primary" not in read(browser, path.format(unlinked.pk))


def test_server_page_leads_to_the_support_where_the_settings_name_one(
    as_user: Any, alice: Any, suspended: Make, settings: Any
) -> None:
    path = f"/vps/{suspended(reason='abuse').pk}/"
    assert "mailto:" not in read(as_user(alice), path)
    settings.SUPPORT_URL = "mailto:help@example.com"
    assert 'href="mailto:help@example.com"' in read(as_user(alice), path)


def test_pay_link_cannot_leave_its_attribute(as_user: Any, alice: Any, suspended: Make) -> None:
    vps = suspended(pay_url='https://example.com/"><script>alert(1)</script>')
    for path in ("/", f"/vps/{vps.pk}/"):
        assert "<script>alert" not in read(as_user(alice), path)


@pytest.mark.parametrize("path", ["/", "/vps/{}/", "/vps/{}/row/", "/vps/{}/status/"])
def test_power_buttons_are_not_there_for_a_suspended_server(
    as_user: Any, alice: Any, suspended: Make, path: str
) -> None:
    vps = suspended(reason="unpaid", pay_url=LINK)
    page = read(as_user(alice), path.format(vps.pk))
    assert f"/vps/{vps.pk}/power/" not in page
    assert "disabled" not in page
    Vps.objects.update(status="running")
    assert f"/vps/{vps.pk}/power/" in read(as_user(alice), path.format(vps.pk))


AFTER = [
    ("unpaid", {"power": "stop", "power_before": "running"}, "Data is kept. It starts by itself once paid."),
    ("unpaid", {"has_stopped": True, "power_before": "running"}, "Data is kept. It starts by itself once paid."),
    ("abuse", {"power": "stop", "power_before": "running"}, "It starts by itself once the suspension ends."),
    ("unpaid", {"power": "stop", "power_before": "stopped"}, "You can control it again once it is paid."),
    ("unpaid", {"power": "stop", "power_before": ""}, "You can control it again once it is paid."),
    ("unpaid", {"power": "keep", "power_before": "running"}, "You can control it again once it is paid."),
    ("staff", {"power": "keep"}, "You can control it again once the suspension ends."),
]


@pytest.mark.parametrize(("reason", "columns", "sentence"), AFTER)
def test_server_page_says_what_comes_after_the_suspension_where_that_is_known(
    as_user: Any, alice: Any, suspended: Make, reason: str, columns: dict[str, Any], sentence: str
) -> None:
    vps = suspended(reason=reason, **columns)
    assert sentence in text(read(as_user(alice), f"/vps/{vps.pk}/"))


def test_server_page_of_one_that_is_suspended_for_a_reason_that_nobody_gave_asks_to_check_the_payment(
    as_user: Any, alice: Any, make_vps: Any
) -> None:
    """As a release before left it, which knew of no suspensions."""
    vps = make_vps(alice, status="suspended")
    for path in ("/", f"/vps/{vps.pk}/"):
        page = text(read(as_user(alice), path))
        assert "This server is suspended. Check that it is paid for." in page
        assert "since" not in page


def test_server_page_shows_nothing_of_a_suspension_that_has_ended(as_user: Any, alice: Any, suspended: Make) -> None:
    """Its row stays while the guest is to be started again."""
    vps = suspended(reason="unpaid", message="Bill", pay_url=LINK, ended_at=timezone.now(), has_stopped=True)
    Vps.objects.update(status="stopped")
    for path in ("/", f"/vps/{vps.pk}/"):
        page = read(as_user(alice), path)
        assert "Bill" not in page
        assert LINK not in html.unescape(page)
        assert "callout tone-susp" not in page


@pytest.mark.parametrize("change", ["it comes", "it says more", "it ends"])
def test_suspension_changes_the_open_pages(
    as_user: Any,
    main_site: Any,
    alice: Any,
    make_vps: Any,
    django_capture_on_commit_callbacks: Any,
    change: str,
) -> None:
    """The owner's pages are rung, and the fragment that they fetch then has it."""
    vps = make_vps(alice, status="running" if change == "it comes" else "suspended")
    reason = {"reason": "abuse", "message": "See the mail."}
    columns = {"status": "running"} if change == "it ends" else {"status": "suspended", "suspension": reason}
    before = read(as_user(alice), f"/vps/{vps.pk}/status/")
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True):
            assert main_site("update", id=vps.pk, **columns).status_code == 200
        assert vps.pk in received.of(notify.group_of(alice.pk))
    after = read(as_user(alice), f"/vps/{vps.pk}/status/")
    assert "See the mail." not in before
    assert ("See the mail." in after) == (change != "it ends")
    assert ("Suspended since" in after) == (change != "it ends")


def test_server_list_costs_the_same_queries_for_one_suspended_server_and_for_thirty(
    as_user: Any, alice: Any, suspended: Make, django_assert_num_queries: Any
) -> None:
    suspended(reason="unpaid", pay_url=LINK)
    browser = as_user(alice)
    with django_assert_num_queries(7):
        browser.get("/")
    for number in range(29):
        suspended(f"shop-{number}", reason="unpaid", pay_url=LINK)
    with django_assert_num_queries(7):
        assert browser.get("/").content.decode().count("btn-sm pay") == 30


def test_day_names_the_year_where_it_is_another() -> None:
    long_ago = datetime(2024, 3, 14, tzinfo=UTC)
    with translation.override("ru"):
        assert [text(str(day(when))) for when in (NOVEMBER, long_ago)] == ["24 ноября", "14 марта 2024"]
    assert f'datetime="{NOVEMBER.isoformat()}"' in str(day(NOVEMBER))
