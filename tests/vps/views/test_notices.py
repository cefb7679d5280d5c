"""How what was asked for has ended, on every page until it was seen, and to nobody else. F1."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from tests.bells import receiving
from vps import operations
from vps.models import Notice, Vps

HTMX = {"hx-request": "true", "hx-current-url": "http://testserver/?state=running"}


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice)
    bind(vps)
    return vps


def ended(vps: Vps, code: str = "", *, name: str = "reboot", by: Any = None) -> Notice:
    operation = operations.request(vps, name, by=by or vps.user, source="page")
    operation.end("failed" if code else "succeeded", **({"error_code": code} if code else {}))
    notice: Notice = Notice.objects.get(operation=operation, user=by or vps.user)
    return notice


def text(browser: Client, path: str, **headers: str) -> str:
    return browser.get(path, headers=headers).content.decode()


def seen(browser: Client, which: str, **form: str) -> Any:
    return browser.post(f"/notices/{which}seen/", form)


@pytest.mark.parametrize("path", ["/", "/vps/{}/", "/profile/", "/no-such-page/"])
def test_page_says_what_has_ended_until_it_was_seen(as_user: Any, alice: Any, shop: Vps, path: str) -> None:
    notice, browser, path = ended(shop, "timed_out"), as_user(alice), path.format(shop.pk)
    for _ in range(2):
        page = text(browser, path)
        assert "shop: reboot failed" in page
        assert f'action="/notices/{notice.pk}/seen/"' in page
        assert f'href="/vps/{shop.pk}/#failure"' in page
    assert seen(browser, f"{notice.pk}/", next=path)["Location"] == path
    assert "shop: reboot failed" not in text(browser, path)


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("en", "", "shop was rebooted in 0 s"),
        ("ru", "", "shop перезагружен за 0 с"),
        ("en", "timed_out", "shop: reboot failed"),
        ("ru", "timed_out", "shop: перезагрузка не удалась"),
        ("en", "superseded", "overtaken by “Power off now”"),
        ("ru", "superseded", "опередило «Выключить сразу»"),
    ],
)
def test_notice_is_said_in_the_readers_language(
    as_user: Any, alice: Any, shop: Vps, language: str, code: str, words: str
) -> None:
    ended(shop, code)
    assert words in text(as_user(alice), "/notices/", **{"accept-language": language})


@pytest.mark.parametrize(("language", "words"), [("en", "The server shop was deleted"), ("ru", "Сервер shop удалён")])
def test_notice_of_a_deletion_leads_nowhere(
    as_user: Any, alice: Any, shop: Vps, main_site: Any, language: str, words: str
) -> None:
    main_site("delete", id=shop.pk)
    page = text(as_user(alice), "/", **{"accept-language": language})
    assert words in page
    assert f"/vps/{shop.pk}/" not in page


def test_notices_of_others_are_not_there(as_user: Any, alice: Any, bob: Any, shop: Vps) -> None:
    notice, bobs = ended(shop, "timed_out"), as_user(bob)
    for path in ("/", "/notices/"):
        assert "reboot failed" not in text(bobs, path)
        assert "reboot failed" in text(as_user(alice), path) + text(as_user(alice), "/notices/")
    assert seen(bobs, f"{notice.pk}/").status_code == 404
    assert seen(bobs, "").status_code == 302
    assert not Notice.objects.exclude(seen_at=None).exists()
    assert seen(as_user(alice), f"{notice.pk}/").status_code == 302
    assert not Notice.objects.filter(seen_at=None).exists()


def test_notice_of_a_server_of_another_customer_has_no_link_for_staff(as_user: Any, carol: Any, shop: Vps) -> None:
    ended(shop, "timed_out", by=carol)
    page = text(as_user(carol), "/notices/")
    assert "shop: reboot failed" in page
    assert f"/vps/{shop.pk}/" not in page


def test_notices_show_three_and_how_many_there_are_besides(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, django_assert_num_queries: Any
) -> None:
    for at in range(8):
        vps = make_vps(alice, name=f"vps-{at}")
        bind(vps, 200 + at)
        ended(vps)
    browser = as_user(alice)
    with django_assert_num_queries(3):
        page = text(browser, "/notices/")
    assert [at for at in range(8) if f"vps-{at} was" in page] == [5, 6, 7]
    assert "5 more" in page
    left = browser.post("/notices/seen/", headers=HTMX).content.decode()
    assert "note" not in left


def test_seen_is_told_to_the_other_open_pages(
    as_user: Any, alice: Any, shop: Vps, django_capture_on_commit_callbacks: Any
) -> None:
    """The row of its server loses the mark, and the notice goes."""
    notice, browser = ended(shop, "timed_out"), as_user(alice)
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True):
            seen(browser, f"{notice.pk}/")
        assert received.of(f"user.{alice.pk}") == [shop.pk, None]


def test_fragment_comes_without_what_is_said_once(as_user: Any, alice: Any, shop: Vps) -> None:
    """A message is for the next page, and no fragment uses it up."""
    browser = as_user(alice)
    browser.post(f"/vps/{shop.pk}/power/reboot/")
    assert "has begun" not in text(browser, "/notices/")
    assert "Reboot of shop has begun" in text(browser, "/")
    assert "has begun" not in text(browser, "/")


@pytest.mark.parametrize("target", ["vps-{}", "server"])
def test_power_says_beside_the_fragment_that_it_has_begun(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, target: str
) -> None:
    """A header holds no letters but English ones, so it comes as addresses do."""
    vps = make_vps(alice, name="магазин")
    bind(vps)
    headers = HTMX | {"hx-target": target.format(vps.pk)}
    answer = as_user(alice).post(f"/vps/{vps.pk}/power/reboot/", headers=headers)
    note = json.loads(unquote(answer["X-Note"]))
    assert note == {"text": "Reboot of магазин has begun", "about": vps.pk, "isRefusal": False}
    assert "has begun" not in text(as_user(alice), "/")
