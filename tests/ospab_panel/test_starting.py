"""What a process loads as it starts: nothing that only some other process uses, or that can come with its first use."""

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
        ("import django; django.setup()", NO_COMMAND),
        ("from ospab_panel.wsgi import application", NOWHERE),
    ],
    ids=["web", "manage.py", "wsgi"],
)
def test_start_loads_nothing_that_is_not_used_then(code: str, heavy: set[str]) -> None:
    ask = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert heavy & set(answer.stdout.split()) == set()


@pytest.mark.parametrize("command", ["prepare", "sweeper"])
def test_command_that_starts_with_the_panel_loads_no_pages(command: str) -> None:
    """Django's checks would, each time; here they are made once."""
    from django.core.management import load_command_class

    assert load_command_class("vps", command).requires_system_checks == []
    call_command("check")
