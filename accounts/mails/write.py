"""Have the purpose of a mail write it. For `send`."""

import logging

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation

from accounts.mails.facts import language_of
from accounts.mails.purpose import Purpose
from accounts.mails.render import message_of
from accounts.models import Mail
from web.transient_errors import is_transient

log = logging.getLogger(__name__)


class NotWritten(Exception):
    """The purpose's own fault, which the log has."""


def write(mail: Mail, purpose: Purpose) -> EmailMessage | None:
    """What the purpose writes down, such as a link, is committed before anybody can read of it. Raises NotWritten."""
    try:
        with transaction.atomic(), translation.override(language_of(mail)):
            written = purpose.write(mail)
            return message_of(mail, purpose, written) if written else None
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("mail %s, %s, could not be written", mail.pk, mail.purpose)
        raise NotWritten from error
