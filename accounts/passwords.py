"""A password is set: the first one, a new one for the old, or by a link of a mail. The pages of passwords call it.

Each ends all sessions and tokens of its user, and all links that were sent before. Hashing takes a while, so it is done
before a row is locked. All raise PanelBusy, and have changed nothing then. The user is told by a mail, which names what is
known of the request.
"""

import logging

from django.db import transaction
from django.http import HttpRequest

from accounts import mail_links
from accounts.mail_links import Purpose
from accounts.mails import enqueue
from accounts.models import MailLink, User

log = logging.getLogger(__name__)


def set_first(user: User, password: str, *, request: HttpRequest) -> bool:
    """False where somebody has set one meanwhile, as in another tab: who changes that one must know it."""
    encoded = encode(password)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if row.has_usable_password():
            return False
        write(row, encoded, request)
    copy(row, user)
    return True


def change(user: User, password: str, *, request: HttpRequest) -> None:
    """Whoever calls it has made sure that they know the old one."""
    encoded = encode(password)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        write(row, encoded, request)
    copy(row, user)


def resettable(token: str) -> MailLink | None:
    """The link of this token, if it may set a password now. Of the staff no mail decides."""
    link = mail_links.live(token, Purpose.RESET_PASSWORD)
    return link if link and not link.user.is_of_the_staff else None


def reset(token: str, password: str, *, request: HttpRequest) -> User | None:
    """Burn it. Of many at once one sets its password; None says that this link sets none."""
    if not (link := resettable(token)):
        return None
    encoded = encode(password)
    with transaction.atomic():
        mail_links.lock(link.user_id)
        if not (link := resettable(token)):
            return None
        mail_links.burn(link)
        write(link.user, encoded, request)
    log.info("User %s has set a password by a link of a mail", link.user_id)
    return link.user


def encode(password: str) -> str:
    nobody = User()
    nobody.set_password(password)
    return nobody.password


def write(row: User, encoded: str, request: HttpRequest) -> None:
    """Nothing but the password: who is deactivated meanwhile stays so."""
    row.password, row.token_version = encoded, row.token_version + 1
    row.save(update_fields=["password", "token_version"])
    enqueue("password_changed", request=request, user=row)


def copy(row: User, user: User) -> None:
    """For the session that goes on."""
    user.password, user.token_version = row.password, row.token_version
