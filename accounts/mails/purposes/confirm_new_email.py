"""Ask an address that somebody wants to have whether it is theirs."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import mail_links
from accounts.email_change import pending
from accounts.mail_links import LIFE
from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail


class ConfirmNewEmail(Purpose):
    name = "confirm_new_email"
    subject = _("Confirm your new address on ospab.host")
    title = _("Confirm your new address")
    intro = _("This address was given as the new one for the login %(login)s.")
    lead = _("If it was you, confirm:")
    button = _("Confirm the address")
    once = _("The link works once, until %(until)s. Another one was sent to the current address; both are needed.")
    advice = _("There is nothing you need to do: nothing changes without you.")
    lifetime = LIFE

    def write(self, mail: Mail) -> Written | None:
        """None where the change was cancelled, or another one asked for meanwhile."""
        user = mail_links.lock(mail.user_id) if mail.user_id else None
        change = pending(user.pk) if user else None
        if not user or not change or not change.awaits_new or change.new.created_at > mail.created_at:
            return None
        link = mail_links.renew(change.new)
        url = settings.PANEL_URL + reverse("accounts:confirm_email", args=[link.token])
        return Written(change.address, {"login": user.username, "url": url, "until": link.expires_at})
