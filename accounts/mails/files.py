"""The way out of the demo: a file a mail, in settings.MAIL_DIR. EMAIL_BACKEND names it, and the demo's page reads it."""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as Parsed
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            write_whole(message.message().as_bytes())
        return len(email_messages)


def folder() -> Path:
    return Path(settings.MAIL_DIR)


def write_whole(content: bytes) -> None:
    """By a name that sorts by time. All of it or nothing: whoever looks meanwhile reads no half of a mail."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    fresh = folder() / f"{name}.new"
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.rename(folder() / f"{name}.eml")


def names() -> list[str]:
    """The newest first."""
    found = (path.stem for path in folder().glob("*.eml")) if folder().is_dir() else ()
    return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)


def read(name: str) -> Parsed | None:
    path = folder() / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    return BytesParser(policy=policy.default).parsebytes(path.read_bytes())
