"""Text that is encrypted at rest, with keys from the environment that can be rotated. For columns that hold secrets.

A row that is read brings the ciphertext, as `Sealed`. `decrypt` is called where a secret is used, in workers alone:
whoever answers a request or a socket encrypts, and is refused the way back (`decryption_forbidden`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

# Whether this thread or task is answering a customer, or staff.
is_serving: ContextVar[bool] = ContextVar("is_serving", default=False)


class CannotDecrypt(Exception):
    """None of FIELD_KEYS is the one that this was encrypted with."""


class DecryptionForbidden(Exception):
    """Whoever answers requests has no use for a secret in the clear."""


class Sealed:
    """A secret as the database holds it. It says nothing of what is in it, wherever it is printed."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __repr__(self) -> str:
        return "<encrypted>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Written as plain text or `Sealed`, read as `Sealed`, a Fernet token to PostgreSQL. What is empty is so on all sides."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.token
        return value and cipher().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return value and Sealed(value)

    def value_to_string(self, obj: models.Model) -> str:
        """For serializers. What `dumpdata` wrote would be read back as the plain text of a secret."""
        raise ValueError(f"{self.model._meta.label}.{self.name} is a secret: copy it by pg_dump, with FIELD_KEYS apart")

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Sealed) else super().to_python(value)


def cipher() -> MultiFernet:
    """The first key encrypts, all of them decrypt: to rotate, put a new one in front and `encrypt_again`."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


@contextmanager
def decryption_forbidden() -> Iterator[None]:
    """What happens inside decrypts nothing. Around every request and every socket."""
    before = is_serving.set(True)
    try:
        yield
    finally:
        is_serving.reset(before)


def decrypt(secret: Sealed | str) -> str:
    """To be handed to whoever uses it, never to a log. What was not saved yet is plain text.

    Raises CannotDecrypt, and DecryptionForbidden where a request is being answered.
    """
    if is_serving.get():
        raise DecryptionForbidden("secrets are decrypted by workers, and not while a request is answered")
    if isinstance(secret, str):
        return secret
    try:
        return cipher().decrypt(secret.token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt("it was encrypted with a key that is not among FIELD_KEYS") from error


def encrypt_again() -> tuple[dict[str, int], list[str]]:
    """Every such column under the first key; how many rows of each model, and which could not be decrypted.

    Those are left as they are, and the others are done. `manage.py encrypt_again` calls it.
    """
    done: dict[str, int] = {}
    lost: list[str] = []
    for model, names in holders().items():
        done[model._meta.label] = encrypt_rows(model, names, lost)
    return done, lost


def unreadable() -> list[str]:
    """What none of the keys decrypts, to be told before a release is served."""
    rows = [(row, names) for model, names in holders().items() for row in model._default_manager.order_by("pk")]
    return [named(row, lost) for row, names in rows if (lost := [name for name in names if is_lost(row, name)])]


def named(row: models.Model, names: list[str]) -> str:
    return f"{row._meta.label} {row.pk} ({row}): {', '.join(names)}"


def is_lost(row: models.Model, name: str) -> bool:
    return opened(getattr(row, name)) is None


def holders() -> dict[type[models.Model], list[str]]:
    """The models that hold secrets, and their columns that do."""
    columns = [(model, field) for model in apps.get_models() for field in model._meta.concrete_fields]
    found: dict[type[models.Model], list[str]] = {}
    for model, field in columns:
        if isinstance(field, EncryptedTextField):
            found.setdefault(model, []).append(field.name)
    return found


@transaction.atomic
def encrypt_rows(model: type[models.Model], names: list[str], lost: list[str]) -> int:
    """Locked one after the other: a secret that is changed meanwhile is not put back. Returns how many were done."""
    rows = list(model._default_manager.select_for_update(of=("self",)).order_by("pk"))
    return sum(encrypt_row(row, names, lost) for row in rows)


def encrypt_row(row: models.Model, names: list[str], lost: list[str]) -> bool:
    """Whether all of its secrets are under the first key now. One that cannot be decrypted is named, and left."""
    held = {name: decrypted for name in names if (decrypted := opened(getattr(row, name))) is not None}
    for name, text in held.items():
        setattr(row, name, text)
    row.save(update_fields=list(held))
    if unread := [name for name in names if name not in held]:
        lost.append(named(row, unread))
    return not unread


def opened(secret: Sealed | str) -> str | None:
    """None where it cannot be decrypted."""
    try:
        return decrypt(secret)
    except CannotDecrypt:
        return None
