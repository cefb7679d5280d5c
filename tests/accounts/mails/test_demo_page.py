"""The mails of the demo: files that one mail each is written to, and the page that shows them."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.mails import files, send_due
from accounts.models import Mail


@pytest.fixture
def demo(mails_are_on: None, settings: Any, tmp_path: Path, static_files: None) -> Client:
    """A browser of nobody."""
    settings.DEMO = True
    settings.EMAIL_BACKEND = "accounts.mails.files.Backend"
    settings.MAIL_DIR = tmp_path / "mail"
    return Client(headers={"accept-language": "en"})


def names(page: Any) -> list[str]:
    return re.findall(r'href="/demo/mail/([^"/]+)/"', page.content.decode())


def test_demo_mails_are_files_for_their_owners_eyes_alone(alice: Any, ask: Any, demo: Client, tmp_path: Path) -> None:
    ask(alice)
    send_due()
    [file] = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert Mail.objects.get().sent_at


def test_demo_page_lists_mails_the_newest_first(alice: Any, bob: Any, ask: Any, demo: Client) -> None:
    assert "No mail yet" in demo.get("/demo/mail/").content.decode()
    for user in (alice, bob):
        ask(user)
        send_due()
    page = demo.get("/demo/mail/")
    text = page.content.decode()
    assert names(page) == files.names()
    assert text.index("bob@example.com") < text.index("alice@example.com")


@pytest.mark.parametrize(("language", "words"), [("en", "The text part"), ("ru", "Текстовая часть")])
def test_demo_page_shows_one_mail_with_its_text(alice: Any, ask: Any, demo: Client, language: str, words: str) -> None:
    ask(alice)
    send_due()
    [name] = files.names()
    answer = demo.get(f"/demo/mail/{name}/", headers={"accept-language": language})
    page = answer.content.decode()
    for shown in (words, "Your password on ospab.host was changed", "no-reply@example.com", "login alice was changed"):
        assert shown in page
    assert f'src="/demo/mail/{name}/html/" sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
    assert "style=" not in page.partition("<main")[2]


def test_demo_page_knows_when_a_mail_was_sent(alice: Any, ask: Any, demo: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Yekaterinburg"
    ask(alice)
    send_due()
    at = demo.get("/demo/mail/").context["mails"][0]["at"]
    assert abs((timezone.now() - at).total_seconds()) < 60


def test_demo_page_frames_html_that_may_run_and_load_nothing(alice: Any, ask: Any, demo: Client) -> None:
    ask(alice)
    send_due()
    answer = demo.get(f"/demo/mail/{files.names()[0]}/html/")
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'"
    )
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Cache-Control"] == "no-store"
    assert "<strong>alice</strong>" in answer.content.decode()


@pytest.mark.parametrize("name", ["none", "20261127T060745244060-e951b865", "..", "demo"])
def test_demo_page_shows_no_other_file(demo: Client, tmp_path: Path, name: str) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "demo.eml").write_text("Subject: of somebody else\n\n")
    assert demo.get(f"/demo/mail/{name}/").status_code == 404
    assert demo.get(f"/demo/mail/{name}/html/").status_code == 404
    assert names(demo.get("/demo/mail/")) == []


def test_demo_page_is_there_in_the_demo_alone(alice: Any, ask: Any, demo: Client, settings: Any) -> None:
    ask(alice)
    send_due()
    addresses = ["/demo/mail/", f"/demo/mail/{files.names()[0]}/", f"/demo/mail/{files.names()[0]}/html/"]
    assert [demo.get(address).status_code for address in addresses] == [200, 200, 200]
    assert [demo.post(address).status_code for address in addresses] == [405, 405, 405]
    settings.DEMO = False
    assert [demo.get(address).status_code for address in addresses] == [404, 404, 404]
