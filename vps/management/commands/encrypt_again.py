"""`manage.py encrypt_again`: all secrets at rest under the first of FIELD_KEYS, so that the others can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand

from vps.models.encrypted import encrypt_again


class Command(BaseCommand):
    help = "Encrypt the secrets of clusters and webhook endpoints anew, with the first of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        for model, count in encrypt_again().items():
            self.stdout.write(f"{model}: {count}")
