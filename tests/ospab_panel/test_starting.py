"""What a process loads as it starts: nothing that only some other process uses, or that can come with its first use."""

import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from launcher.children import ROOT

# Of the drivers, of the workers, of what is made once before a release, and of the tests.
NOWHERE = {
    "proxmoxer",
    "pyVmomi",
    "celery",
    "kombu",
    "amqp",
    "billiard",
    "tinycss2",
    "tqdm",
    "simulator",
    "launcher",
    "tests",
}
NOWHERE |= {"vps.tasks", "vps.hypervisor.proxmox.driver", "drf_spectacular.views", "drf_spectacular.generators"}
# A command that renders nothing needs neither pages nor the API.
NO_COMMAND = NOWHERE | {
    "ospab_panel.urls",
    "vps.views",
    "vps.admin",
    "vps.api",
    "vps.sockets",
    "drf_spectacular.openapi",
}
NO_COMMAND |= {"uvicorn", "whitenoise", "rest_framework.serializers", "rest_framework.compat", "requests", "urllib3"}


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import ospab_panel.asgi", NOWHERE),
        ("from ospab_panel.server.__main__ import load; load()", NOWHERE | {"ospab_panel.asgi"}),
        ("import django; django.setup()", NO_COMMAND),
        ("from ospab_panel.wsgi import application", NOWHERE),
    ],
    ids=["web", "web beforehand", "manage.py", "wsgi"],
)
def test_start_loads_nothing_that_is_not_used_then(code: str, heavy: set[str]) -> None:
    assert heavy & set(printed_by(f"{code}\nimport sys\nprint(*sorted(sys.modules))")) == set()


def printed_by(code: str, **more: str) -> list[str]:
    """The words that a process of its own prints."""
    command, env = [sys.executable, "-W", "ignore", "-c", code], os.environ | more
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.split()


def test_web_loads_all_but_its_last_module_before_anything_is_prepared() -> None:
    """Neither database nor static files are there; and what forks has one thread, for no other would be in the fork."""
    code = """
import os, sys
from ospab_panel.server.__main__ import load
load()
before = set(sys.modules)
print(len(os.listdir("/proc/self/task")))
import ospab_panel.asgi
print(len(os.listdir("/proc/self/task")), *sorted(set(sys.modules) - before))
"""
    nowhere = {"DATABASE_URL": "postgresql://postgres@/panel?host=/nowhere", "STATIC_ROOT": "/nowhere"}
    assert printed_by(code, **nowhere) == ["1", "1", "ospab_panel.asgi"]


@pytest.mark.parametrize("command", ["prepare", "sweeper"])
def test_command_that_starts_with_the_panel_loads_no_pages(command: str) -> None:
    """Django's checks would, each time; here they are made once."""
    from django.core.management import load_command_class

    assert load_command_class("vps", command).requires_system_checks == []
    call_command("check")
