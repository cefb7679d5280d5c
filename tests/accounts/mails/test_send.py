"""Mails that a request has asked for are written and sent by a worker."""

from typing import Any

from django.core import mail
from django.test import RequestFactory

from accounts.mails import enqueue, send_due
from accounts.models import Mail


def test_send_due_sends_what_was_enqueued(alice: Any, settings: Any) -> None:
    settings.MAILS_ARE_ON = True
    settings.MAIL_FROM = "ospab.host <no-reply@example.com>"
    request = RequestFactory().get("/", headers={"user-agent": "Mozilla/5.0 (Macintosh) Chrome/120.0"})
    enqueue("password_changed", request=request, user=alice)
    send_due()
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert Mail.objects.get().sent_at
