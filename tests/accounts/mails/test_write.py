"""What a purpose writes is sent, and what it does not is not."""

from typing import Any

import pytest

from accounts.mails import send_due
from accounts.mails.purpose import Written
from accounts.models import Mail
from tests.accounts.mails.conftest import FAILED, NOTHING, SENT, WAITS, Notice, state
from tests.accounts.mails.smtp_host import SmtpHost


def test_send_due_ends_what_has_nothing_to_be_sent(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    alice.is_active = False
    alice.save()
    asked = ask(alice)
    send_due()
    assert state(asked) == (NOTHING, "", 1)
    assert smtp.taken == []


def test_send_due_goes_on_past_a_mail_that_cannot_be_written(
    alice: Any, smtp: SmtpHost, ask: Any, add_purpose: Any
) -> None:
    class Broken(Notice):
        name = "broken"

        def write(self, mail: Mail) -> Written | None:
            alice.first_name = "written by a mail that came to nothing"
            alice.save()
            raise RuntimeError("a fault of ours")

    add_purpose(Broken())
    broken, well = ask(alice, "broken"), ask(alice)
    send_due()
    assert (state(broken), state(well)) == ((WAITS, "broken", 1), (SENT, "", 1))
    alice.refresh_from_db()
    assert alice.first_name == ""


def test_send_due_leaves_a_purpose_of_a_newer_release_to_its_workers(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = ask(alice)
    Mail.objects.update(purpose="of_tomorrow")
    send_due()
    assert state(asked) == (WAITS, "broken", 1)


@pytest.mark.parametrize("address", ["", "alice", "alice@example.com\nBcc: eve@example.com", "a b@example.com"])
def test_send_due_gives_up_what_is_no_address(
    alice: Any, smtp: SmtpHost, ask: Any, add_purpose: Any, address: str
) -> None:
    class Astray(Notice):
        def write(self, mail: Mail) -> Written | None:
            return Written(address, {"login": "alice"})

    add_purpose(Astray())
    asked, well = ask(alice, "notice"), ask(alice)
    send_due()
    assert state(asked)[0] == FAILED
    assert state(well) == (SENT, "", 1)
    assert [recipients for _sender, *recipients in smtp.senders] == [["alice@example.com"]]
