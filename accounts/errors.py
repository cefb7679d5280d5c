"""What the doors for people refuse. REST framework's exceptions, which web.error_responses renders."""

import math

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from rest_framework.exceptions import APIException


class BadToken(APIException):
    """No AuthenticationFailed: REST turns that into 403 on doors that authenticate nobody, such as refresh."""

    status_code = 401
    default_code = "invalid_token"
    default_detail = _("The token is not valid, or has expired. Please log in again.")


class TooManyAttempts(APIException):
    """`wait` is in seconds, and goes out as Retry-After; `advice` stands on the page."""

    status_code = 429
    default_code = "too_many_attempts"
    default_detail = _("Too many failed attempts. Please try again in 15 minutes.")
    advice = _(
        "Nothing has happened to your account, and elsewhere it works as before. You need not wait if you come from your "
        "account at our main site: its link logs you in at once. If you have forgotten the password, our support can help."
    )
    wait = 900

    def __init__(self, wait: int) -> None:
        self.wait = wait
        minutes = math.ceil(wait / 60)
        sentence = ngettext(
            "Too many failed attempts. Please try again in %d minute.",
            "Too many failed attempts. Please try again in %d minutes.",
            minutes,
        )
        super().__init__(sentence % minutes)


class Busy(APIException):
    """Passes by itself, and before long."""

    status_code = 503
    default_code = "service_unavailable"
    default_detail = _("The panel is busy. Please try again in a moment.")
    wait = 5


class MissingFields(APIException):
    """`errors` say it of each field."""

    status_code = 400
    default_code = "missing_fields"

    def __init__(self, sentence: str, names: list[str]) -> None:
        self.errors = {name: ["This field is required."] for name in names}
        super().__init__(sentence)


class UserNotFound(APIException):
    status_code = 404
    default_code = "user_not_found"
    default_detail = "There is no such user."


class StaffAccount(APIException):
    status_code = 403
    default_code = "staff_account"
    default_detail = "This account belongs to a member of the staff, who are looked after in the panel alone."


class UserInactive(APIException):
    status_code = 409
    default_code = "user_inactive"
    default_detail = "This user is deactivated."


class UsernameTaken(APIException):
    status_code = 409
    default_code = "username_taken"
    default_detail = "Somebody else logs in by this username."


class EmailTaken(APIException):
    status_code = 409
    default_code = "email_taken"
    default_detail = "Somebody else logs in by this e-mail address."


class ExternalIdMismatch(APIException):
    status_code = 409
    default_code = "external_id_mismatch"
    default_detail = "This user has another external_id."


class ExternalIdTaken(APIException):
    status_code = 409
    default_code = "external_id_taken"
    default_detail = "Another user has this external_id."
