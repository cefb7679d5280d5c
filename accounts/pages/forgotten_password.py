"""The pages of a forgotten password: where a mail is asked for, and where its link sets a new one."""

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm, UsernameField
from django.forms import Form, TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import limits, mail_links, passwords
from accounts.addresses import network_of
from accounts.errors import TooManyMails
from accounts.guesses import digest, forgive
from accounts.mails import enqueue
from accounts.models import User
from accounts.pages.needs_mails import needs_mails
from accounts.pages.secret_address import gone, keeps_address
from web.limits import Count

pages = require_http_methods(["GET", "HEAD", "POST"])


class ForgottenForm(Form):
    login = UsernameField(
        max_length=254, label=gettext_lazy("Login or e-mail address"), widget=TextInput(attrs={"autofocus": True})
    )


@pages
@needs_mails
def forgotten(request: HttpRequest) -> HttpResponse:
    """The same is done, and answered, whoever the name is or is not: a worker finds out. Raises TooManyMails."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/forgotten.html", {"form": form})
    login = form.cleaned_data["login"]
    limits.spend(*counts_of(login, network_of(request)), error=TooManyMails)
    enqueue("reset_password", request=request, login=login)
    return redirect("accounts:forgotten_sent")


def counts_of(login: str, network: str) -> list[Count]:
    name = digest(login.lower())
    return [
        Count(limits.FORGOTTEN_NEAR, f"name {name} {network}"),
        Count(limits.FORGOTTEN_OF_NETWORK, network),
        Count(limits.FORGOTTEN_OF_NAME, name),
        Count(limits.FORGOTTEN_OF_ALL),
    ]


@require_http_methods(["GET", "HEAD"])
@needs_mails
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/forgotten_sent.html")


@sensitive_post_parameters()
@pages
@keeps_address
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a form, and whatever previews links may come as often as it likes; POST sets the password, once.

    Whoever is logged in in this browser stays so, but for the link's own user: all sessions of theirs end.
    """
    link = passwords.resettable(token)
    if link is None:
        return ended(request, token)
    form = SetPasswordForm(link.user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/reset_password.html", {"form": form, "login": link.user.username})
    user = passwords.reset(token, form.cleaned_data["new_password1"], request=request)
    return welcome(request, user) if user else ended(request, token)


def welcome(request: HttpRequest, user: User) -> HttpResponse:
    forgive(user, network_of(request))
    messages.success(
        request, _("The password of the login %(login)s is set. Log in with it.") % {"login": user.username}
    )
    return redirect("accounts:login")


def ended(request: HttpRequest, token: str) -> HttpResponse:
    """Raises TooManyAttempts."""
    return gone(request, "accounts/reset_password_gone.html", is_ours=mail_links.is_one(token))
