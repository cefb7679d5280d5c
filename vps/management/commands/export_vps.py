"""`manage.py export_vps`: what the panel holds, as JSON lines or CSV, and its digest. For staff."""

import csv
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from vps.db.digest import digest
from vps.models import Vps

COLUMNS = [*(field.attname for field in Vps._meta.concrete_fields), "external_id"]


class Command(BaseCommand):
    help = (
        "Print every server as the sync API shows it, in the order of ids; the digest of them goes to the error stream."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = (vps.row() for vps in Vps.objects.with_external_id().order_by("pk").iterator(2000))
        self.as_csv(rows) if options["format"] == "csv" else self.as_json(rows)
        self.stderr.write("{} servers, digest {}".format(*digest()))

    def as_json(self, rows: Any) -> None:
        for row in rows:
            self.stdout.write(json.dumps(row, ensure_ascii=False))

    def as_csv(self, rows: Any) -> None:
        writer = csv.DictWriter(self.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
