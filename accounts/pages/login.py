"""The page of logging in by a password, and what logs out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import TextInput
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.pages import session_end


class LoginForm(AuthenticationForm):
    error_messages = AuthenticationForm.error_messages | {"invalid_login": _("Login or password does not match.")}

    username = UsernameField(max_length=254, widget=TextInput(attrs={"autofocus": True}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        self.fields["username"].label = _("Login or e-mail address")


class LoginPage(LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"mails_are_on": settings.MAILS_ARE_ON} | self.why_here()

    def why_here(self) -> dict[str, Any]:
        """Of who has tried to log in already it is no news."""
        why = self.request.GET.get("why", "") if self.request.method == "GET" else ""
        return {"why_here": session_end.SENTENCES.get(why, ""), "why_here_is_good": why == session_end.LEFT}

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """Not back to this page, which sends on whoever is logged in."""
        address = super().get_redirect_url(*args, **kwargs)
        return "" if address.partition("?")[0] == self.request.path else address


class LogoutPage(LogoutView):
    """It leads to the page of logging in, which says that it is done."""

    def get_default_redirect_url(self) -> str:
        return f"{reverse('accounts:login')}?why={session_end.LEFT}"
