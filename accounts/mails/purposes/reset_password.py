"""Send a link by which a customer sets a password: to whoever was asked for by a name, if they are one.

To others nothing is sent, and nobody is told so. The staff are looked after by a superuser.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import limits, mail_links
from accounts.mail_links import LIFE
from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail, MailLink, User
from web.limits import Count

KIND = MailLink.Purpose.RESET_PASSWORD


class ResetPassword(Purpose):
    name = "reset_password"
    subject = _("A new password on ospab.host")
    title = _("Set your new password")
    intro = _("A new password was requested for the login %(login)s.")
    lead = _("To set a new password, open:")
    button = _("Set a new password")
    advice = _("The password has not changed, and there is nothing you need to do.")
    lifetime = LIFE

    def write(self, mail: Mail) -> Written | None:
        user = mail.user or self.find(mail)
        if user is None or not (user := mail_links.lock(user.pk)) or not may_reset(user) or is_done(mail, user):
            return None
        link = mail_links.make(user, KIND, user.email)
        url = settings.PANEL_URL + reverse("accounts:reset_password", args=[link.token])
        return Written(user.email, {"login": user.username, "url": url, "until": link.expires_at})

    def find(self, mail: Mail) -> User | None:
        """Once a mail: it is counted for the account, by whatever name it was asked for, and knows its user from then on."""
        user = User.objects.get_by_login(mail.login)
        if user is None or not may_reset(user):
            return None
        if limits.tried(Count(limits.RESETS_OF_ACCOUNT, f"user {user.pk}")):
            return None
        mail.user = user
        mail.save(update_fields=["user"])
        return user


def may_reset(user: User) -> bool:
    return bool(user.is_active and user.email and not user.is_of_the_staff)


def is_done(mail: Mail, user: User) -> bool:
    """Whether a newer mail brings the newest link, or one that was made for this mail, at a try whose end is not known, was
    used or has died.
    """
    if Mail.objects.filter(user=user, purpose=mail.purpose, pk__gt=mail.pk).exists():
        return True
    made = MailLink.objects.filter(user=user, purpose=KIND, created_at__gte=mail.created_at)
    return made.exists() and not made.standing().filter(used_at=None).exists()
