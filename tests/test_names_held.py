"""Names that stand in two places and must be the same: tasks that are rung for, and the columns of the table `vps`."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from vps import tasks
from vps.api.shapes import COLUMNS as DESCRIBED
from vps.models import Vps
from web.statements import run

ROOT = Path(settings.BASE_DIR)
# How many of the arguments are not the task's own; what rings with a list rings once an element, with one argument.
RINGS = {"worker": 1, "workers": 1, "one_worker": 1, "ring": 1, "send_task": 1}
# A file that says none of these rings for nothing, and is not parsed: every worker of pytest reads all of them.
RINGING = re.compile(r"\b(notify|bell|send_task|ring|one_worker)\b")
INSIDE_NOTIFY = ("task", "args")
Ring = tuple[str, ast.Call]


def rings() -> Iterator[Ring]:
    """(where, call) of everything that rings for a task by its name, notify's own passing on left out."""
    for path in sorted(
        path for app in ("vps", "accounts", "ospab_panel", "web") for path in (ROOT / app).rglob("*.py")
    ):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if RINGING.search(text) else ():
            if isinstance(node, ast.Call) and rings_for(node):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def rings_for(call: ast.Call) -> bool:
    """notify.worker(…), bell.ring(…), current_app.send_task(…), and what notify rings for by itself."""
    if isinstance(call.func, ast.Attribute):
        is_bell = isinstance(call.func.value, ast.Name) and call.func.value.id in ("notify", "bell")
        return call.func.attr == "send_task" or (is_bell and call.func.attr in RINGS)
    return isinstance(call.func, ast.Name) and call.func.id in {"ring", "one_worker"}


def is_passed_on(call: ast.Call) -> bool:
    name = call.args[0]
    is_formatted = isinstance(name, ast.JoinedStr) and "task" in ast.unparse(name)
    return is_formatted or (isinstance(name, ast.Name) and name.id == "task")


RUNG = [(where, call) for where, call in rings() if not is_passed_on(call)]


def test_bells_of_the_whole_panel_are_found() -> None:
    assert len(RUNG) >= 30
    assert {where.partition(":")[0] for where, _ in RUNG} >= {
        "accounts/mails/enqueue.py",
        "ospab_panel/celery.py",
        "vps/tasks.py",
        "vps/notify.py",
    }


@pytest.mark.parametrize(("where", "call"), RUNG, ids=[where for where, _ in RUNG])
def test_bells_are_for_tasks_that_are_there_and_take_what_they_are_given(where: str, call: ast.Call) -> None:
    """B17: one that is misspelt is healed by the sweeper after seconds, so no other test is red for it."""
    name = call.args[0]
    assert isinstance(name, ast.Constant), f"{where} names its task in a way that nobody can check: {ast.unparse(name)}"
    task = str(name.value).removeprefix("vps.")
    whole = task if "." in task else f"vps.{task}"
    assert whole in registered(), f"{where} rings for {whole}, which nobody answers"
    if call_name(call) in ("worker", "workers", "one_worker"):
        inspect.signature(getattr(tasks, task).run).bind(*given(call))


def call_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def given(call: ast.Call) -> list[Any]:
    return [None] if call_name(call) == "workers" else list(call.args[1:])


def registered() -> set[str]:
    current_app.loader.import_default_modules()
    return {name for name in current_app.tasks if name.startswith(("vps.", "accounts."))}


def test_clock_rings_for_tasks_that_are_there_and_take_nothing() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in registered()
        inspect.signature(current_app.tasks[entry["task"]].run).bind()


def test_vps_columns_are_all_rewritten_answered_and_described(make_vps: Any, alice: Any, bob: Any) -> None:
    """B14: one that is forgotten would be answered with its new value, and keep its old one in the table."""
    columns = [field.attname for field in Vps._meta.concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'vps'")
        assert {name for (name,) in cursor.fetchall()} == set(columns)
    vps = make_vps(alice)
    assert list(vps.columns()) == columns == list(DESCRIBED)
    changed = Vps.objects.get(pk=vps.pk)
    for name, value in other_values(vps, bob).items():
        setattr(changed, name, value)
    run([Vps.objects.rewriting([changed.columns()], changed.updated_at)])
    now = Vps.objects.get(pk=vps.pk)
    for name in set(columns) - {"id", "created_at"}:
        assert getattr(now, name) == getattr(changed, name) != getattr(vps, name), name


def other_values(vps: Vps, bob: Any) -> dict[str, Any]:
    """Another value for each column that may change, of its own type."""
    own = {"status": "stopped", "hypervisor": "xen", "user_id": bob.pk, "updated_at": vps.updated_at.replace(year=2001)}
    whole = {name: getattr(vps, name) + 1 for name in ("cpu", "ram", "disk")}
    return own | whole | {"name": "another", "ip_address": "192.0.2.77", "os": "another"}
