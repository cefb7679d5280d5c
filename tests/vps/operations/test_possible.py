"""What the driver cannot do with a guest of its kind is offered nowhere, and is refused by every door in words."""

from dataclasses import replace
from typing import Any

import pytest

from vps import drivers
from vps.guests import Kind
from vps.hypervisor.base import Command
from vps.hypervisor.proxmox import commands
from vps.models import Operation, Vps

CONTAINERS_DO = commands.TRAITS.commands[Kind.CONTAINER] - {Command.RESTART}
WITHOUT_RESTART = replace(commands.TRAITS, commands=commands.TRAITS.commands | {Kind.CONTAINER: CONTAINERS_DO})
RESTART = "Hard restart"


@pytest.fixture
def weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hypervisor that has no hard restart of containers."""
    monkeypatch.setitem(drivers.TRAITS, "proxmox", f"{__name__}:WITHOUT_RESTART")


@pytest.fixture(params=[("lxc", False), ("qemu", True)], ids=["container", "machine"])
def one(request: Any, weak: None, alice: Any, make_vps: Any, bind: Any) -> tuple[Vps, bool]:
    """A server of Alice's, and whether it can be restarted hard."""
    kind, is_possible = request.param
    vps: Vps = make_vps(alice)
    bind(vps, kind=kind)
    return vps, is_possible


def test_server_page_offers_what_the_driver_can_do(one: tuple[Vps, bool], as_user: Any, alice: Any) -> None:
    vps, is_possible = one
    page = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert ("Reboot" in page, RESTART in page) == (True, is_possible)


def test_api_restart_is_refused_where_the_driver_cannot(one: tuple[Vps, bool], with_token: Any, alice: Any) -> None:
    vps, is_possible = one
    answer = with_token(alice).post(f"/api/vps/{vps.pk}/restart")
    if is_possible:
        assert answer.status_code == 202
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "hypervisor_unsupported")
        assert answer.json()["message"] == "This cannot be done with a server of this kind."
    assert Operation.objects.exists() == is_possible


def test_vps_admin_says_of_which_server_it_cannot_be_done(one: tuple[Vps, bool], as_user: Any, carol: Any) -> None:
    vps, is_possible = one
    chosen = {"action": "power_restart", "_selected_action": [vps.pk], "confirmed": "1"}
    page = as_user(carol).post("/admin/vps/vps/", chosen, follow=True).content.decode()
    assert ("This cannot be done with a server of this kind." in page) == (not is_possible)
