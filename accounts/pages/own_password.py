"""The page where whoever is logged in sets a password: the first one, or a new one for the old."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import passwords
from accounts.addresses import network_of
from accounts.guesses import guess
from accounts.models import User

# What Django's forms call the new password.
NEW = "new_password1"


class FirstPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """Of whoever came by a link of the main site, and has no password to be asked for."""

    network = ""


class OwnPasswordForm(PasswordChangeForm):
    """`network` is where it comes from: whoever has stolen a session guesses no faster than a stranger at the login page."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": gettext_lazy("The old password does not match.")
    }
    network = ""

    def clean_old_password(self) -> str:
        """Raises ValidationError, TooManyAttempts, PanelBusy."""
        old: str = self.cleaned_data["old_password"]
        with guess(self.user, self.user.username, old, self.network) as one:
            one.is_right = self.user.check_password(old)
        if not one.is_right:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old


class PasswordPage(PasswordChangeView):
    """The other sessions and all tokens of this user end; this session goes on."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:profile")

    def get_form_class(self) -> Any:
        user: Any = self.request.user
        return OwnPasswordForm if user.has_usable_password() else FirstPasswordForm

    def get_form(self, form_class: Any = None) -> Any:
        form: Any = super().get_form(form_class)
        form.network = network_of(self.request)
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        can_be = settings.MAILS_ARE_ON and user.has_usable_password() and not user.is_of_the_staff
        return super().get_context_data(**kwargs) | {"can_be_sent_a_link": can_be}

    def form_valid(self, form: Any) -> HttpResponse:
        if isinstance(form, FirstPasswordForm):
            return self.set_first(form)
        passwords.change(form.user, form.cleaned_data[NEW], request=self.request)
        return self.stay(form.user, _("Your password has been changed."))

    def set_first(self, form: FirstPasswordForm) -> HttpResponse:
        if passwords.set_first(form.user, form.cleaned_data[NEW], request=self.request):
            return self.stay(
                form.user, _("Your password is set. You can log in with it now, and so can your programs.")
            )
        messages.error(self.request, _("A password has already been set. To change it, enter it as the old one."))
        return redirect("accounts:password")

    def stay(self, user: User, sentence: str) -> HttpResponse:
        update_session_auth_hash(self.request, user)
        messages.success(self.request, sentence)
        return redirect(self.get_success_url())
