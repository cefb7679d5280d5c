"""Logs people in by username or e-mail address. Django calls it: for the login page, the API and the admin."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.addresses import network_of
from accounts.guesses import guess
from accounts.models import User


class UsernameOrEmailBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """None for any failure, and as slowly for a name that nobody has as for a wrong password.

        Raises TooManyAttempts, and PanelBusy.
        """
        if username is None or password is None:
            return None
        user = User.objects.get_by_login(username)
        with guess(user, username, password, network_of(request)) as one:
            one.is_right = self.is_password_of(user, password)
        return user if one.is_right else None

    def is_password_of(self, user: User | None, password: str) -> bool:
        if user is None:
            User().set_password(password)
            return False
        return user.check_password(password) and self.user_can_authenticate(user)
