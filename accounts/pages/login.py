"""The page of logging in by a password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.views import LoginView
from django.forms import TextInput
from django.utils.translation import gettext_lazy as _


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
        return super().get_context_data(**kwargs) | {"mails_are_on": settings.MAILS_ARE_ON}

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """Not back to this page, which sends on whoever is logged in."""
        address = super().get_redirect_url(*args, **kwargs)
        return "" if address.partition("?")[0] == self.request.path else address
