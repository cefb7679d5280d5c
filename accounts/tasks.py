"""The worker's door of this app: the clock rings for it, and accounts.mails, by its name."""

import logging

from celery import shared_task

from accounts import mails
from web.transient_errors import is_transient

log = logging.getLogger(__name__)


@shared_task(name="accounts.send_mails")  # type: ignore[untyped-decorator]
def send_mails() -> None:
    """A database that is away, or takes no writes, costs a line of the log: the rows say what is due."""
    try:
        mails.send_due()
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("the database failed, so mails are left to the next bell: %r", error)
