"""What becomes of each kind of operation on each kind of guest: tables, against a simulated cluster."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.seams import Shorten
from tests.simulated import Cluster as Simulated
from tests.verbs import power_before
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Operation, Vps
from vps.operations.verbs import VERBS

QEMU, LXC = "qemu", "lxc"
# What may hang, and how many answers are lost meanwhile.
HANGING = [(name, 0) for name, verb in VERBS.items() if not verb.may_overtake] + [("reboot", 1)]


@pytest.fixture(autouse=True)
def quick(quick_pauses: None, shorten: Shorten) -> None:
    """No time is given to a guest's system to shut down, and the availability manager acts at once."""
    shorten(shutdown_s=0, ha_queue_s=0.1, ha_round_s=0.2)


def ask(vps: Vps, kind: str) -> Operation:
    return operations.request(vps, kind, by=None, source="page")


PAUSED, TEMPLATE, DEAF = {"power": "paused"}, {"template": True}, {"power": "running", "ignores_acpi": True}
HA, GIVEN_UP = {"ha": True}, {"ha": True, "ha_state": "error"}
UP = {"power": "running"}
OUTCOMES: list[tuple[str, dict[str, Any], str, str, list[str], str]] = [
    # guest, its facts, what is asked, its code or "", what was sent, power in the end
    (QEMU, HA, "start", "", ["start"], "running"),
    (QEMU, HA | UP, "stop", "", ["shutdown"], "stopped"),
    (QEMU, HA | UP, "force-stop", "", ["stop"], "stopped"),
    (QEMU, GIVEN_UP, "start", "ha_error", [], "stopped"),
    (LXC, GIVEN_UP | UP, "stop", "ha_error", [], "running"),
    (QEMU, GIVEN_UP | UP, "force-stop", "ha_error", [], "running"),
    (QEMU, GIVEN_UP | UP, "start", "", [], "running"),
    (QEMU, GIVEN_UP | UP | {"shutdown_seconds": 0}, "reboot", "", ["reboot"], "running"),
    (QEMU, PAUSED, "start", "vps_paused", [], "paused"),
    (QEMU, PAUSED, "restart", "vps_paused", [], "paused"),
    (QEMU, PAUSED, "reboot", "vps_paused", [], "paused"),
    (QEMU, PAUSED, "stop", "", ["shutdown"], "stopped"),
    (QEMU, PAUSED, "force-stop", "", ["stop"], "stopped"),
    (QEMU, TEMPLATE, "start", "vps_template", [], "stopped"),
    (LXC, TEMPLATE, "start", "vps_template", [], "stopped"),
    (QEMU, TEMPLATE, "reboot", "vps_template", [], "stopped"),
    (QEMU, TEMPLATE, "stop", "", [], "stopped"),
    (QEMU, DEAF, "stop", "", ["shutdown"], "stopped"),
    (LXC, DEAF, "stop", "", ["shutdown"], "stopped"),
    (QEMU, DEAF, "force-stop", "", ["stop"], "stopped"),
    (QEMU, DEAF, "reboot", "guest_did_not_shut_down", ["reboot"], "running"),
    (LXC, DEAF, "reboot", "", ["reboot"], "running"),
    (QEMU, {"lock": "suspended"}, "start", "", ["start"], "running"),
    (QEMU, {"fail_start": True}, "start", "hypervisor_refused", ["start"], "stopped"),
]


def name_of(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, dict | list) else str(value)


@pytest.mark.parametrize(("guest", "facts", "kind", "code", "sent", "in_the_end"), OUTCOMES, ids=name_of)
def test_verb_ends_on_each_kind_of_guest_as_it_should(
    server: Any, simulated: Simulated, guest: str, facts: Any, kind: str, code: str, sent: list[str], in_the_end: str
) -> None:
    operation = carry_out(ask(server(guest, **facts), kind))
    assert (operation.state, operation.error_code) == ("failed" if code else "succeeded", code)
    assert (simulated.commands(100), simulated.guest(100)["power"]) == (sent, in_the_end)
    public = operation.public()["error"]
    assert (public["code"] if public else "", operation.error_detail.startswith("400")) == (code, False)
    vps = Vps.objects.get()
    assert vps.status == ("running" if in_the_end == "paused" else in_the_end)
    assert vps.shown.word == in_the_end


@pytest.mark.parametrize("guest", [QEMU, LXC])
def test_force_stop_of_what_is_highly_available_never_overrules_a_shutdown(
    server: Any, simulated: Simulated, guest: str
) -> None:
    advance_once(ask(server(guest, **HA | UP), "force-stop"))
    calls = [json.loads(line) for line in (simulated.pem.parent / "calls.jsonl").read_text().splitlines()]
    (sent,) = [call for call in calls if call["method"] == "POST"]
    assert (sent["path"], sent["params"]) == (f"/nodes/pve1/{guest}/100/status/stop", {})


@pytest.mark.parametrize("kind", VERBS)
@pytest.mark.parametrize("guest", [QEMU, LXC])
def test_verb_sends_a_locked_guest_nothing(server: Any, simulated: Simulated, guest: str, kind: str) -> None:
    operation = ask(server(guest, power=power_before(kind), lock="backup"), kind)
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step, simulated.commands(100)) == ("running", "locked", [])


# A forced stop overtakes what hangs


@pytest.mark.parametrize("guest", [QEMU, LXC])
@pytest.mark.parametrize(("kind", "answers_lost"), HANGING)
def test_force_stop_waits_for_nothing_that_hangs(
    server: Any, simulated: Simulated, shorten: Shorten, guest: str, kind: str, answers_lost: int
) -> None:
    shorten(traits=replace(Proxmox.traits, starts_within_s=0.3))
    vps = server(guest, power=power_before(kind), never_ends=True)
    simulated.call("PATCH", "faults", {"lose_answers": answers_lost})
    hanging = ask(vps, kind)
    advance_once(hanging)
    simulated.change(100, never_ends=False)
    since = time.monotonic()
    forced = carry_out(ask(vps, "force-stop"))
    assert time.monotonic() - since < 30, (
        "to wait for what was perhaps sent takes longer, and for its deadline much more"
    )
    hanging.refresh_from_db()
    assert (hanging.error_code, forced.state) == ("superseded", "succeeded")
    assert simulated.guest(100)["power"] == "stopped"
    assert Vps.objects.get().status == "stopped"
