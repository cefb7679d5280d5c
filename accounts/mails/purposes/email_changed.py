"""Tell both addresses, the one before and the one of now, that the address of a login has changed."""

from django.utils.translation import gettext_lazy as _

from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail


class EmailChanged(Purpose):
    name = "email_changed"
    subject = _("Your e-mail address on ospab.host was changed")
    title = _("Address changed")
    intro = _("The address of the login %(login)s was changed. Mails about it now go to the new one.")
    advice = _("Then somebody else changed it: write to support at once.")
    asked = _("The last link was opened %(facts)s.")
    repeats = _("Support: %(support)s.")

    def write(self, mail: Mail) -> Written | None:
        user = mail.user
        return Written(mail.address, {"login": user.username}) if user and user.is_active else None
