"""What the doors for people refuse. REST framework's exceptions, which ospab_panel.error_responses renders."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException


class BadToken(APIException):
    """No AuthenticationFailed: REST turns that into 403 on doors that authenticate nobody, such as refresh."""

    status_code = 401
    default_code = "invalid_token"
    default_detail = _("The token is not valid, or has expired. Please log in again.")


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
