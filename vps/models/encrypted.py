"""Text that is encrypted at rest, with keys from the environment that can be rotated. For columns that hold secrets."""

from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


def cipher() -> MultiFernet:
    """The first key encrypts, all of them decrypt: to rotate, put a new one in front and save the rows again."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Plain text to Python, a Fernet token to PostgreSQL."""

    def get_prep_value(self, value: Any) -> Any:
        return value and cipher().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return value and cipher().decrypt(value.encode()).decode()
