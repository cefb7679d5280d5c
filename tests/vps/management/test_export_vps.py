"""What manage.py export_vps prints is what the panel holds, opens in a spreadsheet, and is read back by import_vps."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.vps.management.commands import run
from vps.db.digest_sum import digest_sum
from vps.models import Event, ExternalId, Suspension, Vps

NAMES = [
    *("=cmd|' /C calc'!A0", "+7 900", "-1", "@web", "＝1+1", " =1+1", "'=1+1", "''=1+1", "'web'", "'", "''"),
    *(
        "a;b",
        "a,b",
        'a"b',
        '"',
        '""',
        '";"',
        "sep=;",
        "Сервер «ёж» №2",
        "👩‍💻",
        " web ",
        "\u00a0=1",
        "1e5",
        "007",
        "null",
    ),
]


@pytest.fixture
def servers(alice: Any, make_vps: Any, bind: Any) -> list[Vps]:
    """One of each name; the first are bound."""
    made = [make_vps(alice, name=name, os=name) for name in NAMES]
    for name, vps in zip(NAMES, made, strict=True):
        ExternalId.objects.create(external_id=f"'={name}", vps_id=vps.pk)
    for vmid, vps in enumerate(made[:3], 100):
        bind(vps, vmid)
    return made


def exported(tmp_path: Path, *options: str) -> Path:
    file, out = tmp_path / f"all.{'csv' if 'csv' in options else 'jsonl'}", StringIO()
    call_command("export_vps", *options, stdout=out, stderr=StringIO())
    file.write_bytes(out.getvalue().encode())
    return file


FORMATS = [
    [],
    ["--format", "csv"],
    *(["--format", "csv", "--delimiter", word] for word in ("comma", "tab", "semicolon")),
]


@pytest.mark.parametrize("options", FORMATS)
def test_export_vps_is_read_back_as_what_is_there_already(
    servers: list[Vps], tmp_path: Path, options: list[str]
) -> None:
    before = digest_sum()
    printed = run("import_vps", exported(tmp_path, *options), "--action", "update")
    assert printed == [f"Done: 0 created, 0 changed, 0 deleted, {len(servers)} unchanged, 0 failed"]
    assert digest_sum() == before
    assert not Event.objects.exists()


@pytest.mark.parametrize("options", FORMATS)
def test_export_vps_makes_the_same_servers_anew_where_they_are_gone(
    servers: list[Vps], tmp_path: Path, options: list[str]
) -> None:
    """Each with its own name, whatever that is, its external id and its guest; the panel's own ids are new."""
    file = exported(tmp_path, *options)
    kept = {vps.pk: facts for vps in Vps.objects.with_external_id() if (facts := without_ids(vps))}
    ExternalId.objects.all().delete()
    Vps.objects.filter(pk__in=[vps.pk for vps in servers]).delete()
    file.write_text(file.read_text().replace('"id": ', '"was": ').replace("\ufeffid", "\ufeffwas"))
    run("import_vps", file)
    assert [without_ids(vps) for vps in Vps.objects.with_external_id().order_by("pk")] == list(kept.values())


def without_ids(vps: Vps) -> dict[str, Any]:
    placement = getattr(vps, "placement", None)
    row = {name: value for name, value in vps.row().items() if name not in ("id", "created_at", "updated_at")}
    return row | {"placement": placement and (str(placement), placement.node)}


def test_export_vps_as_csv_is_what_a_russian_spreadsheet_opens(servers: list[Vps]) -> None:
    out = StringIO()
    call_command("export_vps", "--format", "csv", stdout=out, stderr=StringIO())
    text = out.getvalue()
    assert text.startswith("\ufeffid;name;status;")
    assert text.count("\r\n") == text.count("\n") == len(servers) + 1
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert [row["name"] for row in rows][:2] == ["'=cmd|' /C calc'!A0", "'+7 900"]
    assert rows[0] == {name: str(value or "") for name, value in servers[0].columns().items()} | {
        "name": "'=cmd|' /C calc'!A0",
        "os": "'=cmd|' /C calc'!A0",
        "external_id": "''==cmd|' /C calc'!A0",
        "cluster": "main",
        "node": "pve1",
        "vmid": "100",
        "kind": "qemu",
    }


def test_export_vps_as_json_lines_has_each_server_as_the_api_shows_it_and_where_it_is(servers: list[Vps]) -> None:
    first, *_, last = map(json.loads, run("export_vps"))
    row = servers[0].columns() | {"external_id": f"'={NAMES[0]}"}
    assert first == row | {"placement": {"cluster": "main", "node": "pve1", "vmid": 100, "kind": "qemu"}}
    assert last == servers[-1].columns() | {"external_id": "'=null"}


def test_export_vps_as_json_lines_says_why_a_server_is_suspended_and_is_read_back(
    alice: Any, make_vps: Any, tmp_path: Path
) -> None:
    bill = {"reason": "unpaid", "message": "Bill\n1042", "pay_url": "https://example.com/pay", "power": "stop"}
    vps, bare = (make_vps(alice, status="suspended") for _ in range(2))
    Suspension.objects.create(vps=vps, **bill)
    Suspension.objects.create(vps=bare)
    file = exported(tmp_path)
    assert [json.loads(line).get("suspension") for line in file.read_text().splitlines()] == [bill, None]
    unchanged = "Done: 0 created, 0 changed, 0 deleted, 2 unchanged, 0 failed"
    assert run("import_vps", file, "--action", "update") == [unchanged]
    Suspension.objects.update(message="", pay_url="", power="keep")
    first, second = run("import_vps", file, "--action", "update")
    assert first.startswith(f"line 1: changed #{vps.pk} shop: suspension unpaid → unpaid: Bill\\n1042")
    assert second == "Done: 0 created, 1 changed, 0 deleted, 1 unchanged, 0 failed"
    assert Suspension.objects.values(*bill).get(vps=vps) == bill


def test_export_vps_tells_the_digest_beside(servers: list[Vps]) -> None:
    errors = StringIO()
    call_command("export_vps", stdout=StringIO(), stderr=errors)
    assert errors.getvalue().strip() == f"{len(servers)} servers, digest {digest_sum()[1]}"


def test_export_vps_asks_no_more_for_more_servers(servers: list[Vps], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        run("export_vps")
