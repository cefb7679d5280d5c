"""An SMTP host for the tests beside it: a real one, which misbehaves when told to."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from launcher.certificate import certificate
from launcher.secrets_file import free_port

USER, PASSWORD = "panel", "the right password of the panel"
FOR_EVER = 600


class SmtpHost:
    """What it has taken is in `taken`, and who has logged in how in `logins`.

    `to_recipient` and `to_mail` are its answers, by the word that an address or a subject contains. `hangs_at` is a
    command that is not answered until it is another, and `hanging` says how many callers wait. `drops_at` is one at which
    the connection breaks off, and the mail is taken before.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.senders: list[tuple[str, str]] = []
        self.logins: list[tuple[bytes, bool]] = []
        self.names: list[str] = []
        self.to_recipient: dict[str, str] = {}
        self.to_mail: dict[str, str] = {}
        self.hangs_at = self.drops_at = ""
        self.hanging = 0

    async def handle_EHLO(self, host: SMTP, session: Session, envelope: Envelope, name: str, answers: Any) -> Any:
        self.names.append(name)
        await self.misbehave("EHLO", host)
        session.host_name = name
        return answers

    async def handle_MAIL(self, host: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        await self.misbehave("MAIL", host)
        if answer := self.answer(self.to_recipient, f"from {address}"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, host: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        await self.misbehave("RCPT", host)
        if answer := self.answer(self.to_recipient, address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, host: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = BytesParser(policy=policy.default).parsebytes(envelope.content)
        if answer := self.answer(self.to_mail, mail["Subject"]):
            return answer
        self.taken.append(mail)
        self.senders.append((envelope.mail_from or "", *envelope.rcpt_tos))  # type: ignore[arg-type]
        await self.misbehave("DATA", host)
        return "250 taken"

    async def misbehave(self, at: str, host: SMTP) -> None:
        self.hanging += self.hangs_at == at
        while self.hangs_at == at:
            await asyncio.sleep(0.02)
        if self.drops_at == at and host.transport:
            host.transport.abort()  # type: ignore[attr-defined]
            await asyncio.sleep(FOR_EVER)

    def answer(self, answers: dict[str, str], text: str) -> str:
        return next((answer for word, answer in answers.items() if word in text), "")

    def check(self, host: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append((data.login, is_right))
        return AuthResult(success=is_right, handled=is_right)


@contextlib.contextmanager
def running(host: SmtpHost, folder: Path, security: str = "starttls", port: int = 0) -> Iterator[int]:
    """Gives its port. With TLS it wants a login."""
    pem, key, _fingerprint = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    by_tls: dict[str, Any] = {
        "starttls": {"tls_context": context, "require_starttls": True},
        "tls": {"ssl_context": context, "auth_require_tls": False},
        "none": {},
    }[security]
    login = {} if security == "none" else {"authenticator": host.check, "auth_required": True}
    controller = Controller(host, hostname="127.0.0.1", port=port or free_port(), **by_tls, **login)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
