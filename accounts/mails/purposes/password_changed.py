"""Tell whose password it is that it was changed."""

from django.utils.translation import gettext_lazy as _

from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail


class PasswordChanged(Purpose):
    name = "password_changed"
    subject = _("Your password on ospab.host was changed")
    title = _("Password changed")
    intro = _("The password of the login %(login)s was changed. All other sessions have ended.")
    advice = _("Then somebody else changed it: set a new one at once and write to support.")
    asked = _("It was changed %(facts)s.")
    repeats = _("Support: %(support)s.")

    def write(self, mail: Mail) -> Written | None:
        user = mail.user
        if user is None or not user.is_active or not user.email:
            return None
        return Written(user.email, {"login": user.username})
