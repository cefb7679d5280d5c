"""Text that is encrypted at rest, with keys from the environment that can be rotated. For columns that hold secrets."""

from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction


def cipher() -> MultiFernet:
    """The first key encrypts, all of them decrypt: to rotate, put a new one in front and `encrypt_again`."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Plain text to Python, a Fernet token to PostgreSQL."""

    def get_prep_value(self, value: Any) -> Any:
        return value and cipher().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return value and cipher().decrypt(value.encode()).decode()


@transaction.atomic
def encrypt_again() -> dict[str, int]:
    """Every such column under the first key; how many rows of each model. `manage.py encrypt_again` calls it."""
    return {model._meta.label: encrypt_rows(model, names) for model, names in holders().items()}


def holders() -> dict[type[models.Model], list[str]]:
    """The models that hold secrets, and their columns that do."""
    columns = [(model, field) for model in apps.get_models() for field in model._meta.concrete_fields]
    found: dict[type[models.Model], list[str]] = {}
    for model, field in columns:
        if isinstance(field, EncryptedTextField):
            found.setdefault(model, []).append(field.name)
    return found


def encrypt_rows(model: type[models.Model], names: list[str]) -> int:
    """Locked one after the other: a secret that is changed meanwhile is not put back."""
    rows = list(model._default_manager.select_for_update().order_by("pk"))
    for row in rows:
        row.save(update_fields=names)
    return len(rows)
