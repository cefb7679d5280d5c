"""A password is set: the first one, a new one for the old, or by a link of a mail. The pages of passwords call it.

Each ends all sessions and tokens of its user, and all links that were sent before. Hashing takes a while, so it is done
before a row is locked. All raise PanelBusy, and have changed nothing then.
"""

import logging

from django.db import transaction

from accounts import mail_links
from accounts.mail_links import Purpose
from accounts.models import MailLink, User

log = logging.getLogger(__name__)


def set_first(user: User, password: str) -> bool:
    """False where somebody has set one meanwhile, as in another tab: who changes that one must know it."""
    encoded = encode(password)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if row.has_usable_password():
            return False
        write(row, encoded)
    copy(row, user)
    return True


def change(user: User, password: str) -> None:
    """Whoever calls it has made sure that they know the old one."""
    encoded = encode(password)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        write(row, encoded)
    copy(row, user)


def resettable(token: str) -> MailLink | None:
    """The link of this token, if it may set a password now. Of the staff no mail decides."""
    link = mail_links.live(token, Purpose.RESET_PASSWORD)
    return link if link and not link.user.is_of_the_staff else None


def reset(token: str, password: str) -> User | None:
    """Burn it. Of many at once one sets its password; None says that this link sets none."""
    if not (link := resettable(token)):
        return None
    encoded = encode(password)
    with transaction.atomic():
        mail_links.lock(link.user_id)
        if not (link := resettable(token)):
            return None
        mail_links.burn(link)
        write(link.user, encoded)
    log.info("User %s has set a password by a link of a mail", link.user_id)
    return link.user


def encode(password: str) -> str:
    nobody = User()
    nobody.set_password(password)
    return nobody.password


def write(row: User, encoded: str) -> None:
    """Nothing but the password: who is deactivated meanwhile stays so."""
    row.password, row.token_version = encoded, row.token_version + 1
    row.save(update_fields=["password", "token_version"])


def copy(row: User, user: User) -> None:
    """For the session that goes on."""
    user.password, user.token_version = row.password, row.token_version
