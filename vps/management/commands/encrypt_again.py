"""`manage.py encrypt_again`: all secrets at rest under the first of FIELD_KEYS, so that the others can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vps.db.encrypted import encrypt_again


class Command(BaseCommand):
    help = "Encrypt the secrets of clusters and webhook endpoints anew, with the first of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Fails where a secret is left that none of the keys decrypts. All others are done by then."""
        done, lost = encrypt_again()
        for model, count in done.items():
            self.stdout.write(f"{model}: {count}")
        if lost:
            left = "\n".join(lost)
            raise CommandError(
                f"These could not be decrypted with any of FIELD_KEYS, and are left as they are:\n{left}"
            )
