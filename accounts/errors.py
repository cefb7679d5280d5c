"""What is refused of people: who they are, what they try, what becomes of their accounts. All of accounts raises it."""

import math

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from web.errors import PanelError


class BadToken(PanelError):
    status = 401
    code = "invalid_token"
    message = _("The token is not valid, or has expired. Log in again.")


class TooManyAttempts(PanelError):
    status = 429
    code = "too_many_attempts"
    message = _("Too many failed attempts. Try again in 15 minutes.")
    retry_after = 900
    own_page = "accounts/locked.html"

    def __init__(self, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        self.mails_are_on = settings.MAILS_ARE_ON
        super().__init__(self.sentence(minutes) % minutes, retry_after=seconds)

    def sentence(self, minutes: int) -> str:
        return ngettext(
            "Too many failed attempts. Try again in %d minute.",
            "Too many failed attempts. Try again in %d minutes.",
            minutes,
        )


class TooManyMails(TooManyAttempts):
    """Of those that anybody may ask for."""

    own_page = "accounts/locked_mails.html"

    def sentence(self, minutes: int) -> str:
        return ngettext(
            "Too many mails requested. Try again in %d minute.",
            "Too many mails requested. Try again in %d minutes.",
            minutes,
        )


class UserNotFound(PanelError):
    status = 404
    code = "user_not_found"
    message = "There is no such user."


class StaffAccount(PanelError):
    status = 403
    code = "staff_account"
    message = "This account belongs to a member of the staff, who are looked after in the panel alone."


class UserInactive(PanelError):
    status = 409
    code = "user_inactive"
    message = "This user is deactivated."


class UsernameTaken(PanelError):
    status = 409
    code = "username_taken"
    message = "Somebody else logs in by this username."


class EmailTaken(PanelError):
    status = 409
    code = "email_taken"
    message = "Somebody else logs in by this e-mail address."


class ExternalIdMismatch(PanelError):
    status = 409
    code = "external_id_mismatch"
    message = "This user has another external_id."


class ExternalIdTaken(PanelError):
    status = 409
    code = "external_id_taken"
    message = "Another user has this external_id."
