"""A change of somebody's address that waits to be confirmed by the old address and by the new one.

accounts.own_email asks for it and ends it; pages and mails show it.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts import mail_links
from accounts.mail_links import Purpose
from accounts.models import MailLink, User

OLD, NEW = Purpose.CONFIRM_OLD_EMAIL, Purpose.CONFIRM_NEW_EMAIL


@dataclass(frozen=True)
class EmailChange:
    """Its two links. One that was used stays here until the other is."""

    old: MailLink
    new: MailLink

    @property
    def address(self) -> str:
        return self.new.address

    @property
    def expires_at(self) -> datetime:
        return min(self.old.expires_at, self.new.expires_at)

    @property
    def awaits_old(self) -> bool:
        return self.old.used_at is None

    @property
    def awaits_new(self) -> bool:
        return self.new.used_at is None


@dataclass(frozen=True)
class Confirmable:
    """What the link of one mail confirms."""

    link: MailLink
    change: EmailChange

    @property
    def user(self) -> User:
        return self.link.user

    @property
    def is_old(self) -> bool:
        return self.link.purpose == OLD


def pending(user_id: int) -> EmailChange | None:
    """It dies with its time, and with whatever its links die with: each of the two needs the other."""
    links = {link.purpose: link for link in MailLink.objects.standing().filter(user_id=user_id)}
    return EmailChange(links[OLD], links[NEW]) if OLD in links and NEW in links else None


def confirmable(token: str) -> Confirmable | None:
    """By a link that is good now. It burns nothing."""
    link = mail_links.live(token, OLD, NEW)
    change = pending(link.user_id) if link else None
    return Confirmable(link, change) if link and change else None
