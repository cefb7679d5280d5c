"""Staff hold a file of servers: manage.py import_vps says it as the main site would, line by line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.vps.management.commands import run
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


def test_import_vps_says_in_a_sentence_that_a_file_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_vps", "/nowhere.csv")


# Whatever is wrong with a line, be it known before anything is asked or only while it is written.
SPOILT = {
    "a value out of range": "2,{user},web-02,0,2048,40,Debian 12",
    "cells that are missing": "2,{user}",
    "text behind a quote": '2,{user},"we"b,2,2048,40,Debian 12',
    "an open quote": '2,{user},"web-02,2,2048,40,Debian 12',
    "a line break": '2,{user},"we\nb",2,2048,40,Debian 12',
    "a user that is not there": "2,999999,web-02,2,2048,40,Debian 12",
    "a NUL": "2,{user},web\0,2,2048,40,Debian 12",
}


@pytest.mark.parametrize("option", ["--atomic", "--dry-run"])
@pytest.mark.parametrize("spoilt", SPOILT)
def test_import_vps_that_undoes_all_undoes_it_whatever_is_wrong(
    alice: Any, tmp_path: Path, spoilt: str, option: str
) -> None:
    file = tmp_path / "orders.csv"
    lines = ["{n},{user},web,2,2048,40,Debian 12".replace("{n}", n) for n in "13"]
    lines.insert(1, SPOILT[spoilt])
    file.write_text("external_id,user_id,name,cpu,ram,disk,os\n" + "\n".join(lines).replace("{user}", str(alice.id)))
    printed = run("import_vps", file, option, fails=True)
    assert printed[-1].startswith("Nothing was changed. It would be: ")
    assert printed[-1].endswith("1 failed")
    assert [model.objects.count() for model in (Vps, Event, ExternalId)] == [0, 0, 0]
    run("import_vps", file, fails=True)
    assert Vps.objects.exists()


@pytest.fixture
def refused_by_postgresql(db: None) -> None:
    """A name at which the database itself stops whoever writes it, as a full disk would."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vps ADD CONSTRAINT no_server_is_called_so CHECK (name <> 'impossible')")


@pytest.fixture
def many(alice: Any, tmp_path: Path) -> Path:
    """The last of it is impossible, and is in the second thousand."""
    file = tmp_path / "many.jsonl"
    server = {"user_id": alice.id, "cpu": 1, "ram": 512, "disk": 5, "os": "Debian"}
    names = [*(f"web-{n}" for n in range(1000)), "impossible"]
    file.write_text("\n".join(json.dumps(server | {"name": name, "external_id": name}) for name in names))
    return file


@pytest.mark.usefixtures("refused_by_postgresql")
@pytest.mark.parametrize("option", ["--atomic", "--dry-run"])
def test_import_vps_that_undoes_all_undoes_it_where_postgresql_stops_it_in_the_middle(many: Path, option: str) -> None:
    with pytest.raises(CommandError, match=r"PostgreSQL stopped it: .*no_server_is_called_so.*Nothing was changed\."):
        call_command("import_vps", many, option)
    assert [model.objects.count() for model in (Vps, Event, ExternalId)] == [0, 0, 0]


@pytest.mark.usefixtures("refused_by_postgresql")
def test_import_vps_tells_of_what_was_done_before_postgresql_stopped_it(
    many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="What is told of above is done, the lines below are not"):
        call_command("import_vps", many)
    assert len(capsys.readouterr().out.splitlines()) == Vps.objects.count() == 1000


def test_import_vps_ends_with_counts_where_every_line_is_wrong(alice: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("external_id,user_id,name\n" + "\n".join(SPOILT.values()))
    printed = run("import_vps", file, fails=True)
    assert printed[-1] == "Done: 0 created, 0 changed, 0 deleted, 0 unchanged, 7 failed"
    assert len(printed) == 8


def test_import_vps_refuses_a_header_with_a_name_twice_before_anything(orders: Path) -> None:
    orders.write_text(orders.read_text().replace("cpu,ram", "ram,ram"))
    with pytest.raises(CommandError, match=r"Named twice: ram. Nothing was changed"):
        call_command("import_vps", orders)
    assert not Vps.objects.exists()


def test_import_vps_tells_of_keys_and_warnings_by_their_lines(
    alice: Any, make_vps: Any, bind: Any, tmp_path: Path
) -> None:
    vps = make_vps(alice)
    placement = bind(vps, identity_mismatch="another")
    where = {"cluster": "main", "node": placement.node, "vmid": placement.vmid, "kind": placement.kind, "vlan": 7}
    file = tmp_path / "changes.jsonl"
    lines = [{"id": vps.pk, "cpu": 8, "komment": "\u001b[2J"}, {"id": vps.pk, "placement": where, "key\u001b[2J": 1}]
    file.write_text("\n".join(map(json.dumps, lines)))
    printed = run("import_vps", file, "--action", "update")
    assert printed[1] == "line 1: warning: Unknown field ignored: vps.komment"
    assert printed[2:4] == [
        "line 2: warning: Unknown field ignored: vps.key\\x1b[2J",
        "line 2: warning: Unknown field ignored: vps.placement.vlan",
    ]
    assert printed[4].startswith("line 2: warning: vps.placement: another machine was found there")


def test_import_vps_warns_of_a_size_that_looks_like_a_mistake_of_units(alice: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"external_id,user_id,name,cpu,ram,disk,os\n1,{alice.id},web,2,2097152,40,Debian 12\n")
    created, warned, _ = run("import_vps", file, "--dry-run")
    assert created == "line 2: created web"
    assert warned.startswith("line 2: warning: vps.ram: 2097152 MB")


def test_import_vps_says_where_a_server_that_is_there_differs_from_its_line(orders: Path) -> None:
    """A file that was edited and is created from again changes nothing, and must not look as though it did."""
    run("import_vps", orders, fails=True)
    first = Vps.objects.order_by("id")[0]
    orders.write_text(orders.read_text().replace("4,8192", "8,8192").replace(",running,", ",stopped,"))
    printed = run("import_vps", orders, fails=True)
    assert printed[0] == (
        f"line 2: warning: It is there already as #{first.pk} and stays as it is, though cpu is 4 and not 8. "
        "--action update changes it."
    )
    assert printed[-1] == "Done: 0 created, 0 changed, 0 deleted, 2 unchanged, 1 failed"


def test_import_vps_says_that_a_line_is_older_than_what_was_said_last(
    alice: Any, make_vps: Any, tmp_path: Path
) -> None:
    vps, file = make_vps(alice), tmp_path / "changes.csv"
    file.write_text(f"id,cpu,occurred_at\n{vps.pk},8,2026-01-02T00:00:00Z\n{vps.pk},4,2026-01-01T00:00:00Z\n")
    printed = run("import_vps", file, "--action", "update")
    assert (
        printed[1] == "line 3: warning: It occurred before what was said of this server last, so nothing was changed."
    )


def test_import_vps_says_that_a_file_holds_no_servers(db: None, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    file.write_text("external_id;user_id;name\n;;\n")
    assert run("import_vps", file)[0] == "The file holds no servers."


def test_import_vps_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    """As a program, for whoever calls it from another."""
    file = tmp_path / "twice.csv"
    file.write_text("id,id\n1,2\n")
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "import_vps", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CommandError: Line 1 must name the columns. Named twice: id. Nothing was changed.\n"
