"""Somebody's address is changed, once both addresses have confirmed it. The pages of one's own address call it.

Whoever asks learns nothing of whose the new address is: it is looked up once both links were used, and its own mailbox has
spoken then.
"""

import logging
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.http import HttpRequest

from accounts import mail_links
from accounts.email_change import NEW, OLD, Confirmable, confirmable, pending
from accounts.mails import enqueue
from accounts.models import MailLink, User

log = logging.getLogger(__name__)


class Outcome(Enum):
    AWAITS_OTHER = "awaits other"
    CHANGED = "changed"
    TAKEN = "taken"


@dataclass(frozen=True)
class Confirmed:
    what: Confirmable
    outcome: Outcome


@transaction.atomic
def ask(user: User, address: str, *, request: HttpRequest) -> None:
    """A change that was asked for before ends. The links are made as their mails are written; their time runs from now."""
    mail_links.lock(user.pk)
    mail_links.make(user, OLD, user.email)
    mail_links.make(user, NEW, address)
    enqueue("confirm_old_email", request=request, user=user)
    enqueue("confirm_new_email", request=request, user=user, address=address)


@transaction.atomic
def cancel(user: User) -> bool:
    """Whether there was something to cancel."""
    mail_links.lock(user.pk)
    change = pending(user.pk)
    MailLink.objects.filter(user=user, purpose__in=(OLD, NEW)).delete()
    return change is not None


def confirm(token: str, *, request: HttpRequest) -> Confirmed | None:
    """Burn the link. None says no more than that it confirms nothing."""
    return confirm_once(token, request) if confirmable(token) else None


@transaction.atomic
def confirm_once(token: str, request: HttpRequest) -> Confirmed | None:
    """Of many at once one goes on. Names are given by one at a time, so an address that is free stays so."""
    User.objects.wait_to_name()
    found = confirmable(token)
    if not found or not mail_links.lock(found.user.pk) or not (found := confirmable(token)):
        return None
    mail_links.burn(found.link)
    change = pending(found.user.pk)
    if change is None or change.awaits_old or change.awaits_new:
        return Confirmed(found, Outcome.AWAITS_OTHER)
    return Confirmed(found, put(found, request))


def put(found: Confirmable, request: HttpRequest) -> Outcome:
    user, before = found.user, found.user.email
    user.email = found.change.address
    if User.objects.fields_taken(user, ["email"]):
        MailLink.objects.filter(user=user, purpose__in=(OLD, NEW)).delete()
        return Outcome.TAKEN
    user.save(update_fields=["email"])
    log.info("User %s has changed their address", user.pk)
    for address in (before, user.email):
        enqueue("email_changed", request=request, user=user, address=address)
    return Outcome.CHANGED
