"""The page where whoever is logged in sets a password: the first, or a new one for the old."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.addresses import network_of
from accounts.guesses import guess


class OwnPasswordForm(PasswordChangeForm):
    """`network` is where it comes from: whoever has stolen a session guesses no faster than a stranger at the login page."""

    network = ""

    def clean_old_password(self) -> str:
        """Raises ValidationError, TooManyAttempts, PanelBusy."""
        old: str = self.cleaned_data["old_password"]
        with guess(self.user, self.user.username, old, self.network) as one:
            one.is_right = self.user.check_password(old)
        if not one.is_right:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old

    def save(self, commit: bool = True) -> Any:
        """The password alone: hashing takes a while, and who is deactivated meanwhile stays so."""
        user = super().save(commit=False)
        user.save(update_fields=["password", "token_version"])
        return user


class PasswordPage(PasswordChangeView):
    """The other sessions and all tokens of this user end; this session goes on."""

    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("accounts:profile")

    def get_form(self, form_class: Any = None) -> Any:
        form: Any = super().get_form(form_class)
        form.network = network_of(self.request)
        return form

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)
