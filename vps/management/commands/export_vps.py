"""`manage.py export_vps`: what the panel holds, as JSON lines or CSV, and its digest. For staff."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from vps.db.digest_sum import digest_sum
from vps.guests import number_of
from vps.management.csv_lines import PLACEMENT
from vps.models import Vps
from web.spreadsheet import DELIMITERS, as_text

COLUMNS = [*(field.attname for field in Vps._meta.concrete_fields), "external_id"]


class Command(BaseCommand):
    help = (
        "Print every server as the sync API shows it, and where it is, in the order of ids; the digest of them goes to the"
        " error stream. import_vps reads both forms back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--format",
            choices=["jsonl", "csv"],
            default="jsonl",
            help="csv: for spreadsheets, which find it to be UTF-8",
        )
        add("--delimiter", choices=list(DELIMITERS), default="semicolon", help="of csv: what stands between cells")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "csv":
            head = [*COLUMNS, *PLACEMENT]
            rows = ([row.get(name) for name in head] for row in (vps | vps.get("placement", {}) for vps in held()))
            for line in as_text([head, *rows], DELIMITERS[options["delimiter"]]):
                self.stdout.write(line, ending="")
        else:
            for vps in held():
                self.stdout.write(json.dumps(vps, ensure_ascii=False))
        self.stderr.write("{} servers, digest {}".format(*digest_sum()))


def held() -> Iterator[dict[str, Any]]:
    """Each server with the guest that it is, and with why it is suspended, as the sync API takes all three."""
    vpses = Vps.objects.with_external_id().select_related("placement__cluster", "suspension").order_by("pk")
    for vps in vpses.iterator(2000):
        beside = {"placement": placement_of(vps), "suspension": suspension_of(vps)}
        yield vps.row() | {name: facts for name, facts in beside.items() if facts}


def placement_of(vps: Vps) -> dict[str, Any]:
    """{} where it is bound to none, or to one that has no number."""
    placement = getattr(vps, "placement", None)
    number = number_of(placement.guest) if placement else None
    if placement is None or number is None:
        return {}
    return dict(zip(PLACEMENT, (placement.cluster.name, placement.node, number, placement.kind), strict=True))


def suspension_of(vps: Vps) -> dict[str, Any]:
    """{} where it is not suspended, or nobody has said why."""
    current = vps.current_suspension
    if current is None or not current.reason:
        return {}
    return {name: value for name, value in current.public().items() if value is not None and name != "since"}
