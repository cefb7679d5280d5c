"""The pages of logging in and of one's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import limits, login_links
from accounts.addresses import network_of
from accounts.guesses import add_known_network, guess
from web.limits import Count


class LoginForm(AuthenticationForm):
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The username, e-mail address or password is wrong.")
    }

    username = UsernameField(max_length=254, widget=TextInput(attrs={"autofocus": True}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        self.fields["username"].label = _("Username or e-mail address")


@require_http_methods(["GET", "HEAD", "POST"])
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, and whatever previews links may come as often as it likes; POST logs in, once.

    The address is a secret for its minute: no request that leaves the page names it, in `Referer` or otherwise. Under
    `no-referrer` browsers would send `Origin: null` with the form too, which the protection against forged forms refuses.
    """
    response = log_in_by(request, token) if request.method == "POST" else show_button(request, token)
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def show_button(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "accounts/login_link.html") if login_links.is_live(token) else gone(request, token)


def log_in_by(request: HttpRequest, token: str) -> HttpResponse:
    """In a session of its own, whoever was logged in in this browser and whoever gave it its cookie."""
    admission = login_links.use(token)
    if admission is None:
        return gone(request, token)
    logout(request)
    login(request, admission.user, backend="accounts.backends.UsernameOrEmailBackend")
    add_known_network(admission.user, network_of(request))
    return redirect(admission.next)


def gone(request: HttpRequest, token: str) -> HttpResponse:
    """One page for whatever is wrong with a link: it tells nobody which links there were. Raises TooManyAttempts."""
    if not login_links.is_one(token):
        limits.spend(Count(limits.LINKS_OF_NETWORK, network_of(request)))
    return render(request, "accounts/login_link_gone.html", status=410)


class LoginPage(LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """Not back to this page, which sends on whoever is logged in."""
        address = super().get_redirect_url(*args, **kwargs)
        return "" if address.partition("?")[0] == self.request.path else address


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/profile.html")


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
