"""Logs people in by username or e-mail address. Django's authentication calls it, after axes has let the attempt through."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class UsernameOrEmailBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """None for any failure, and as slowly for a name that nobody has as for a wrong password."""
        if username is None or password is None:
            return None
        user = User.objects.get_by_login(username)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Under which name axes counts failed logins: one a person, however it is written. Its settings name this."""
    given = str((credentials or request.POST).get("username") or "")
    user = User.objects.get_by_login(given)
    return user.username if user else given.lower()[:254]
