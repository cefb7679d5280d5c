"""Staff hold a file of servers: manage.py import_vps says it as the main site would, and export_vps gives one."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from vps.db.digest import digest
from vps.models import Event, ExternalId, Placement, Vps

HEAD = "external_id,user_id,name,status,cpu,ram,disk,os,ip_address,cluster,node,vmid,kind\n"


@pytest.fixture
def orders(alice: Any, tmp_path: Path, cluster: Any) -> Path:
    file = tmp_path / "orders.csv"
    rows = [
        f'17,{alice.id},"Сервер, первый",running,4,8192,100,Debian 12,192.0.2.1,main,pve1,107,lxc\n',
        f"18,{alice.id},web-02,,2,2048,40,Debian 12,,,,,\n",
        f"19,{alice.id},web-03,,two,8,40,Debian 12,,,,,\n",
    ]
    file.write_text(HEAD + "".join(rows), encoding="utf-8-sig")
    return file


def run(*arguments: Any, fails: bool = False) -> list[str]:
    out = StringIO()
    if not fails:
        call_command(*arguments, stdout=out, stderr=StringIO())
    else:
        with pytest.raises(CommandError):
            call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def test_import_vps_takes_a_csv_as_the_main_sites_commands(orders: Path) -> None:
    printed = run("import_vps", orders, fails=True)
    first, second = Vps.objects.order_by("id")
    assert (first.name, first.cpu, first.ip_address) == ("Сервер, первый", 4, "192.0.2.1")
    assert (second.status, Placement.objects.get().vmid) == ("creating", 107)
    assert set(ExternalId.objects.values_list("external_id", flat=True)) == {"17", "18"}
    assert printed[2].startswith("line 4: invalid: Invalid request: vps.cpu")
    assert printed[-1] == "Done: 2 created, 0 changed, 0 deleted, 0 unchanged, 1 failed"


def test_import_vps_changes_nothing_for_the_same_file_again(orders: Path) -> None:
    run("import_vps", orders, fails=True)
    assert run("import_vps", orders, fails=True)[-1] == "Done: 0 created, 0 changed, 0 deleted, 2 unchanged, 1 failed"
    assert Vps.objects.count() == 2


def test_import_vps_in_a_dry_run_says_what_would_change_and_changes_nothing(orders: Path) -> None:
    printed = run("import_vps", orders, "--dry-run", fails=True)
    assert printed[-1] == "Nothing was changed. It would be: 2 created, 0 changed, 0 deleted, 0 unchanged, 1 failed"
    assert [model.objects.count() for model in (Vps, Event, ExternalId)] == [0, 0, 0]


def test_import_vps_takes_a_spreadsheets_semicolons_and_names_a_column_of_no_meaning(
    alice: Any, tmp_path: Path
) -> None:
    file = tmp_path / "sheet.csv"
    file.write_text(f"external_id;user_id;name;cpu;ram;disk;os;komment\n17;{alice.id};web,1;2;2048;40;Debian;да\n")
    printed = run("import_vps", file, "--dry-run")
    assert printed[:2] == ["Columns ignored: komment", "line 2: created web,1"]
    run("import_vps", file)
    assert Vps.objects.get().name == "web,1"


def test_import_vps_refuses_a_file_in_another_encoding(db: None, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_bytes("external_id,name\n17,Сервер\n".encode("cp1251"))
    with pytest.raises(CommandError, match="must be UTF-8"):
        call_command("import_vps", file)


def test_import_vps_that_is_atomic_is_all_or_nothing(orders: Path) -> None:
    run("import_vps", orders, "--atomic", fails=True)
    assert not Vps.objects.exists()


def test_import_vps_takes_json_lines_of_operations_or_servers(alice: Any, make_vps: Any, tmp_path: Path) -> None:
    vps, gone = make_vps(alice), make_vps(alice)
    lines = [{"id": vps.pk, "cpu": 8}, {"action": "delete", "vps": {"id": gone.pk}}, {"id": vps.pk, "cpu": 8}]
    file = tmp_path / "changes.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    printed = run("import_vps", file, "--action", "update", fails=True)
    assert printed[0] == f"line 1: changed #{vps.pk} shop: cpu 2 → 8"
    assert printed[1] == f"line 2: deleted #{gone.pk} shop"
    assert printed[-1] == "Done: 0 created, 1 changed, 1 deleted, 1 unchanged, 1 failed"


def test_import_vps_does_not_create_what_was_exported_a_second_time(alice: Any, make_vps: Any, tmp_path: Path) -> None:
    make_vps(alice)
    file = tmp_path / "all.jsonl"
    file.write_text("\n".join(run("export_vps")))
    assert "a second time" in run("import_vps", file, fails=True)[0]
    assert Vps.objects.count() == 1
    assert run("import_vps", file, "--action", "update")[-1].startswith("Done: 0 created, 0 changed, 0 deleted, 1 un")


def test_export_vps_gives_what_the_panel_holds_and_its_digest(alice: Any, make_vps: Any) -> None:
    vps, errors = make_vps(alice, name="Сервер"), StringIO()
    out = StringIO()
    call_command("export_vps", "--format", "csv", stdout=out, stderr=errors)
    head, row = out.getvalue().splitlines()
    assert dict(zip(head.split(","), row.split(","), strict=True)) == {
        name: str(value or "") for name, value in vps.columns().items()
    } | {"external_id": ""}
    assert errors.getvalue().strip() == f"1 servers, digest {digest()[1]}"


def test_import_vps_says_in_a_sentence_that_a_file_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_vps", "/nowhere.csv")
