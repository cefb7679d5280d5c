"""Both languages, and what a page owes to those who do not see it: every page in English and in Russian."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from accounts import mail_links
from vps.models import Suspension

PAGES = [
    "/",
    "/?q=nothing-like-it",
    "/power/?id={}",
    "/power/stop/?id={}",
    "/vps/{}/",
    "/vps/{suspended}/",
    "/vps/{}/graphs/",
    "/vps/{}/settings/",
    "/vps/{}/activity/",
    "/vps/{}/power/stop/",
    "/profile/",
    "/profile/password/",
    "/profile/email/",
    "/password/forgot/",
    "/password/forgot/sent/",
    "/password/reset/none/",
    "/password/reset/{reset_password}/",
    "/email/confirm/none/",
    "/email/confirm/{confirm_old_email}/",
    "/email/confirm/{confirm_new_email}/",
    "/login/",
    "/login/link/none/",
    "/demo/mail/",
    "/demo/mail/none/",
    "/none/",
]


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="ru")


def has_words(message: Any) -> bool:
    return all([message.string] if isinstance(message.string, str) else message.string)


RUSSIAN = Path(settings.BASE_DIR) / "locale/ru/LC_MESSAGES/django.po"


def test_translation_into_russian_has_every_sentence() -> None:
    messages = [message for message in catalogue(RUSSIAN) if message.id]
    assert len(messages) > 250
    assert [message.id for message in messages if message.fuzzy or not has_words(message)] == []


def test_translation_keeps_the_values_of_its_sentence() -> None:
    placeholders = re.compile(r"%\(\w+\)s|%d")
    for message in catalogue(RUSSIAN):
        for translation in [message.string] if isinstance(message.id, str) else message.string:
            asked = message.id if isinstance(message.id, str) else message.id[1]
            assert sorted(placeholders.findall(translation)) == sorted(placeholders.findall(asked))


@pytest.mark.skipif(not shutil.which("xgettext"), reason="GNU gettext, which collects the sentences, is not installed")
def test_translation_catalogue_misses_no_sentence_of_the_code(tmp_path: Path) -> None:
    for folder in ("accounts", "ospab_panel", "vps", "web", "templates"):
        shutil.copytree(Path(settings.BASE_DIR) / folder, tmp_path / folder)
    (tmp_path / "locale").mkdir()
    makemessages = [sys.executable, "-m", "django", "makemessages", "-l", "ru", "--no-location"]
    subprocess.run(makemessages, cwd=tmp_path, check=True, capture_output=True)
    collected = {message.id for message in catalogue(tmp_path / "locale/ru/LC_MESSAGES/django.po")}
    assert collected - {message.id for message in catalogue(RUSSIAN)} == set()


Pages = list[tuple[str, str]]


@pytest.fixture
def read_pages(
    request: Any, as_user: Any, alice: Any, make_vps: Any, bind: Any, settings: Any
) -> Callable[[str], Pages]:
    """Gives [(path, page)] of every page, in a language."""
    settings.MAILS_ARE_ON = settings.DEMO = True
    tokens = {purpose.value: mail_links.make(alice, purpose, alice.email).token for purpose in mail_links.Purpose}
    vps = make_vps(alice, ip_address="192.0.2.7")
    bind(vps)
    suspended = make_vps(alice, status="suspended")
    bill = {"message": "Bill <b>1042</b>", "pay_url": "https://example.com/pay"}
    Suspension.objects.create(vps=suspended, reason="unpaid", **bill)
    browser = as_user(alice)

    def read(path: str) -> str:
        visitor = request.getfixturevalue("client") if path == "/login/" else browser
        address = path.format(vps.id, suspended=suspended.id, **tokens)
        return visitor.get(address).content.decode()  # type: ignore[no-any-return]

    def read_all(language: str) -> Pages:
        browser.post("/language/setlang/", {"language": language})
        return [(path, read(path)) for path in PAGES]

    return read_all


@pytest.fixture(scope="module")
def pages_read() -> dict[str, Pages]:
    """By language: the tests that look at all of them only look."""
    return {}


@pytest.fixture(params=["en", "ru"])
def pages(request: Any, pages_read: dict[str, Pages]) -> Pages:
    if request.param not in pages_read:
        pages_read[request.param] = request.getfixturevalue("read_pages")(request.param)
    return pages_read[request.param]


def test_pages_have_one_first_heading_and_a_title(pages: Any) -> None:
    for path, page in pages:
        assert page.count("<h1") == 1, path
        assert re.search(r"<title>\s*\S", page), path


def test_pages_have_a_label_for_every_field_and_a_name_for_every_button(pages: Any) -> None:
    for path, page in pages:
        for field in re.findall(r"<(?:input|select)\b[^>]*>", page):
            if 'type="hidden"' not in field:
                identity = re.search(r'\bid="([^"]+)"', field)
                assert identity, (path, field)
                assert f'for="{identity[1]}"' in page, (path, field)
        for attributes, content in re.findall(r"<button\b([^>]*)>(.*?)</button>", page, re.DOTALL):
            assert "aria-label=" in attributes or re.sub(r"<[^>]*>", "", content).strip(), (path, attributes)


def test_pages_need_nothing_that_their_content_security_policy_forbids(pages: Any) -> None:
    for path, page in pages:
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", page), path
        for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL):
            assert "src=" in attributes, path
            assert not content.strip(), path


def test_pages_draw_icons_and_hide_them_from_screen_readers(pages: Any) -> None:
    for path, page in pages:
        assert page.count("<svg") == page.count('<svg aria-hidden="true"') > 0, path


def test_language_is_switched_by_a_form_and_stays(as_user: Any, alice: Any) -> None:
    browser = as_user(alice)
    assert 'lang="en"' in browser.get("/").content.decode()
    answer = browser.post("/language/setlang/", {"language": "ru"}, headers={"referer": "http://testserver/profile/"})
    assert answer["Location"] == "http://testserver/profile/"
    page = browser.get("/profile/").content.decode()
    assert '<html lang="ru">' in page
    assert "Профиль" in page


@pytest.mark.parametrize(("language", "size"), [("en", "1.5 GB"), ("ru", "1,5 ГБ")])
def test_amounts_are_written_as_the_language_writes_them(
    as_user: Any, alice: Any, make_vps: Any, language: str, size: str
) -> None:
    make_vps(alice, ram=1536)
    browser = as_user(alice)
    browser.post("/language/setlang/", {"language": language})
    assert size in browser.get("/").content.decode()


# What a button or a link like one says: an infinitive, where it leads, or that nothing is done.
BUTTON = re.compile(r'<(button|a)\b[^>]*\bclass="[^"]*\bbtn\b[^>]*>(.*?)</\1>', re.DOTALL)
WORDED_WELL = re.compile(r"[А-ЯЁ][а-яё]+(ть|ти|чь)(ся)?\b|(К|На|В) |Отмена$")


def test_buttons_are_infinitives_in_russian(pages: Any) -> None:
    labels = {re.sub(r"<[^>]*>", "", content).strip() for _, page in pages for _, content in BUTTON.findall(page)}
    russian = {label for label in labels if re.search("[а-яё]", label)}
    assert {label for label in russian if not WORDED_WELL.match(label)} == set()
    assert len(labels) > 10
