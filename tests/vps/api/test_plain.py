"""What is read the quick way is read the same by the serializer; and the common command is read the quick way."""

import copy
import random
from typing import Any

import pytest

from vps.api.commands import SHAPE, VpsInput, plain
from web.errors import PanelError

WHERE = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
FULL = {"id": 7, "external_id": "17", "user_id": 5, "name": "web-01", "status": "running", "cpu": 4, "ram": 8192}
FULL |= {"disk": 100, "os": "Ubuntu 22.04 LTS", "hypervisor": "proxmox", "ip_address": "192.0.2.7", "placement": WHERE}
NUMBERS = [
    None,
    True,
    False,
    0,
    1,
    -1,
    99,
    100,
    128,
    257,
    1024,
    1025,
    4_194_305,
    2**31 - 1,
    2**31,
    10**30,
    4.0,
    1e3,
    "4",
]
SIGNS = [
    "",
    " ",
    "  ",
    "a",
    " a",
    "a ",
    "é",
    "яблоко",
    "日本",
    "😀",
    "\u200c",
    "a\u200cb",
    "\u200ba",
    "\u00a0",
    "a\u00a0b",
]
SIGNS += [
    "\u115f",
    "\u115fa",
    "\u2800",
    "\u3164",
    "\uffa0",
    "\x00",
    "a\nb",
    "\r\n",
    "\x7f",
    "\x85",
    "\ue000",
    "\u0378",
    "\u2028",
]
TEXTS = [
    *SIGNS,
    "a" * 63,
    "a" * 64,
    "a" * 100,
    "a" * 101,
    "a" * 191,
    "a" * 192,
    "a" * 255,
    "a" * 256,
    "\u3000",
    "\u3000a",
]
WORDS = ["running", "Running", "suspended", "proxmox", "xen", "qemu", "lxc", "stop", "create", "update", "delete"]
ADDRESSES = [
    "192.0.2.7",
    "192.0.2.07",
    "192.0.2.256",
    "192.0.2",
    " 192.0.2.7",
    "192.0.2.7\n",
    "٣.0.2.7",
    "2001:DB8::1",
    "::1%eth0",
]
NODES = ["pve1", "-pve", "pve-", "pve.1", "pve\n", "p", "пве"]
THINGS = [{}, [], [1], {"a": 1}, WHERE, WHERE | {"replaced": True}, WHERE | {"replaced": 1}, WHERE | {"more": 1}]
THINGS += [
    WHERE | {"vmid": 99},
    WHERE | {"node": "-"},
    WHERE | {"kind": "vm"},
    {"cluster": "main"},
    {"reason": "unpaid"},
]
ODD: list[Any] = [*NUMBERS, *TEXTS, *WORDS, *ADDRESSES, *NODES, *THINGS]


def read(body: Any) -> Any:
    """As the serializer reads it; None of what it refuses."""
    try:
        return SHAPE.read(copy.deepcopy(body))
    except PanelError:
        return None


def is_same(body: Any) -> bool:
    """Whether it was read the quick way. Where it was, it was read rightly, in the same order."""
    quick = plain(body)
    if quick is not None:
        assert quick == (known := read(body)), body
        assert list(quick[1]) == list(known[1]), body
        assert repr(quick) == repr(known) or "placement" in quick[1], body
    return quick is not None


@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_plain_reads_the_common_command_as_the_serializer_does(action: str) -> None:
    assert is_same({"action": action, "vps": FULL})
    assert is_same({"action": action, "vps": {"name": "яблоко 1"} | FULL | {"ip_address": None}, "occurred_at": "odd"})


@pytest.mark.parametrize("name", [*VpsInput().fields, "unknown"])
def test_plain_reads_no_odd_value_as_the_serializer_does_not(name: str) -> None:
    """All values that are odd somewhere, in each field."""
    found = [
        is_same({"action": action, "vps": FULL | {name: value}}) for action in ("create", "update") for value in ODD
    ]
    assert not all(found) or name == "unknown"


def test_plain_reads_no_odd_command_as_the_serializer_does_not() -> None:
    """Keys are left out, added and given odd values, at random and the same each time."""
    chance, quick = random.Random(1), 0
    for _ in range(20_000):
        names = chance.sample([*FULL, "suspension", "suspend_reason", "unknown"], chance.randint(0, 12))
        vps: Any = {name: FULL.get(name, "odd") for name in names}
        for name in chance.sample(names, min(len(names), chance.choice([0, 0, 0, 1, 1, 2]))):
            vps[name] = chance.choice(ODD)
        action = chance.choice(["create", "update", "delete", *chance.sample(ODD, 1)])
        body = {"action": action, "vps": vps if chance.random() < 0.98 else chance.choice(ODD)}
        if chance.random() < 0.02:
            del body[chance.choice(["action", "vps"])]
        quick += is_same(body)
    assert quick > 1000, "or nothing was compared"


@pytest.mark.parametrize("body", [None, [], "", 4, {}, {"action": "create"}, {"action": [], "vps": {}}, {"vps": FULL}])
def test_plain_leaves_what_is_no_command_to_the_serializer(body: Any) -> None:
    assert not is_same(body)
