"""Write a mail down, to be sent by a worker. For pages and endpoints, inside the transaction of what it tells of, or alone.

One INSERT whatever the login is, and no look at the table of users: whoever asks learns nothing by time.
"""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.mails.facts import facts_of
from accounts.mails.purposes import PURPOSES
from accounts.models import Mail, User
from accounts.models.mail import LONGEST_LOGIN
from web import bell


def enqueue(
    purpose_name: str, *, request: HttpRequest, user: User | None = None, login: str = "", address: str = ""
) -> None:
    """Where mails are off nothing is written down. `login` is what was typed; `address` is where it goes, if not to the
    user's own."""
    if not settings.MAILS_ARE_ON:
        return
    purpose = PURPOSES[purpose_name]
    columns = {"user": user, "login": login[:LONGEST_LOGIN], "address": address}
    Mail.objects.create(purpose=purpose.name, **columns, facts=facts_of(request))
    transaction.on_commit(ring)


def ring() -> None:
    """One that is lost is made up for by the clock."""
    bell.ring("accounts.send_mails")
