"""The pages where somebody's address is changed: asked for by whoever is logged in, confirmed by whoever reads the mails."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework import serializers

from accounts import limits, mail_links, own_email
from accounts.addresses import network_of
from accounts.email_change import confirmable, pending
from accounts.errors import TooManyMails
from accounts.guesses import digest, guess
from accounts.models import User
from accounts.own_email import Outcome
from accounts.pages.secret_address import gone, keeps_address
from web.fields import EmailAddress
from web.limits import Count

LONGEST = 254


class EmailForm(forms.Form):
    """The password is asked where there is one. `network` is where it comes from: see OwnPasswordForm."""

    email = forms.CharField(
        max_length=LONGEST,
        label=gettext_lazy("New e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    password = forms.CharField(
        strip=False,
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, network: str, data: Any = None) -> None:
        super().__init__(data)
        self.user, self.network = user, network
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        try:
            EmailAddress(LONGEST).to_internal_value(address)
        except serializers.ValidationError as error:
            raise ValidationError(_("This is not an e-mail address. Example: name@example.com.")) from error
        if address == self.user.email:
            raise ValidationError(_("This is already your address."))
        return address

    def clean_password(self) -> str:
        """Raises ValidationError, TooManyAttempts, PanelBusy."""
        password: str = self.cleaned_data["password"]
        with guess(self.user, self.user.username, password, self.network) as one:
            one.is_right = self.user.check_password(password)
        if not one.is_right:
            raise ValidationError(_("The password does not match."))
        return password


def can_change(user: Any) -> bool:
    """Both addresses are written to, so there have to be mails, and an address."""
    return bool(settings.MAILS_ARE_ON and user.email)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_email(request: HttpRequest) -> HttpResponse:
    """The same is answered whether the address is somebody's already or not. Raises TooManyMails."""
    user: Any = request.user
    if not can_change(user):
        raise Http404
    form = EmailForm(user, network_of(request), request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/email.html", {"form": form, "change": pending(user.pk)})
    address = form.cleaned_data["email"]
    limits.spend(*counts_of(user, address), error=TooManyMails)
    own_email.ask(user, address, request=request)
    messages.success(request, _("Two mails are on their way. Your address changes once you open both links."))
    return redirect("accounts:profile")


def counts_of(user: User, address: str) -> list[Count]:
    return [
        Count(limits.CHANGES_OF_ACCOUNT, f"user {user.pk}"),
        Count(limits.CHANGES_TO_ADDRESS, digest(address.lower())),
    ]


@require_POST
@login_required
def cancel_email_change(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if own_email.cancel(user):
        messages.success(request, _("The change of address is cancelled. The links in the mails no longer work."))
    return redirect("accounts:profile")


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_address
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, and whatever previews links may come as often as it likes; POST confirms, once.

    Whoever is logged in in this browser, it is the link's own user whose address changes.
    """
    if request.method != "POST":
        found = confirmable(token)
        return render(request, "accounts/email_confirm.html", {"found": found}) if found else ended(request, token)
    confirmed = own_email.confirm(token, request=request)
    if confirmed is None:
        return ended(request, token)
    status = 409 if confirmed.outcome is Outcome.TAKEN else 200
    context = {"found": confirmed.what, "outcome": confirmed.outcome.name}
    return render(request, "accounts/email_confirmed.html", context, status=status)


def ended(request: HttpRequest, token: str) -> HttpResponse:
    """Raises TooManyAttempts."""
    return gone(request, "accounts/email_gone.html", is_ours=mail_links.is_one(token))
