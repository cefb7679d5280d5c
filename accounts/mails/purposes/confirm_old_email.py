"""Ask somebody's present address to confirm a change to another one."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import mail_links
from accounts.email_change import pending
from accounts.mail_links import LIFE
from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail


class ConfirmOldEmail(Purpose):
    name = "confirm_old_email"
    subject = _("Change of your e-mail address on ospab.host")
    title = _("Confirm the change of your address")
    intro = _("A change of address was requested for the login %(login)s: from this one to %(address)s.")
    lead = _("If it was you, confirm:")
    button = _("Confirm the change")
    once = _("The link works once, until %(until)s. Another one was sent to the new address; both are needed.")
    advice = _("Do not open the link. Log in and change your password: somebody else has logged in as you.")
    lifetime = LIFE

    def write(self, mail: Mail) -> Written | None:
        """None where the change was cancelled, or another one asked for meanwhile."""
        user = mail_links.lock(mail.user_id) if mail.user_id else None
        change = pending(user.pk) if user else None
        if not user or not change or not change.awaits_old or change.old.created_at > mail.created_at:
            return None
        link = mail_links.renew(change.old)
        url = settings.PANEL_URL + reverse("accounts:confirm_email", args=[link.token])
        names = {"login": user.username, "address": change.address}
        return Written(change.old.address, {**names, "url": url, "until": link.expires_at})
