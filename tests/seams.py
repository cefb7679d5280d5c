"""The limits of ours that tests shorten, each by one name: for `shorten`, which every test may ask for.

A limit that several modules have imported has a place for each; a constant that moves costs a line here and none of a test.
"""

from collections.abc import Callable
from functools import reduce
from importlib import import_module
from typing import Any

import pytest

Shorten = Callable[..., None]

ENGINE = "vps.operations"
TRANSPORT = "vps.hypervisor.proxmox.transport"
# To each name the places of its value, as `module:attribute`.
SEAMS: dict[str, tuple[str, ...]] = {
    # A turn on an operation, and what it waits for
    "soon_s": (f"{ENGINE}.pauses:SOON",),
    "later_s": (f"{ENGINE}.pauses:LATER",),
    "locked_s": (f"{ENGINE}.pauses:LOCKED",),
    "shutdown_s": (f"{ENGINE}.pauses:SHUTDOWN_LIMIT_S",),
    "idle_lock_s": (f"{ENGINE}.sweep:IDLE_S",),
    "operations_of_account": (f"{ENGINE}.limits:OF_ACCOUNT",),
    # A call to a hypervisor
    "traits": ("vps.hypervisor.proxmox.driver:Proxmox.traits",),
    "connect_s": (f"{TRANSPORT}:CONNECT_S",),
    "read_s": (f"{TRANSPORT}:READ_S",),
    "command_s": (f"{TRANSPORT}:COMMAND_S",),
    "answered_within_s": (f"{TRANSPORT}:ANSWERED_WITHIN_S",),
    "kept_for_s": ("vps.hypervisor.proxmox.kept:KEEPS_FOR_S", f"{TRANSPORT}:KEEPS_FOR_S"),
    "other_hosts_s": (f"{TRANSPORT}:TRIES_FOR_S",),
    "largest_answer": (f"{TRANSPORT}:LARGEST",),
    # What services do at a time
    "rows_learnt_at_once": ("vps.services.reconcile.learn:AT_ONCE",),
    "addresses_a_round": ("vps.services.addresses:AT_MOST",),
    "addresses_for_s": ("vps.services.addresses:ASKS_FOR_S",),
    "webhook_read_s": ("vps.services.webhooks.call:READ_S",),
    "webhook_s": ("vps.services.webhooks.call:TOTAL_S",),
    "commands_at_once": ("vps.api.batch:MOST_AT_ONCE",),
    "commands_a_part": ("web.json_pieces:A_PIECE",),
    "rows_forgotten_at_once": ("web.forgetting:AT_ONCE",),
    "batches_forgotten": ("web.forgetting:MOST",),
    # What waits for a turn, and for how long
    "batch_waits_s": ("web.concurrency_limit:WAITS_FOR_S",),
    "hash_waits_s": ("accounts.hashing:PATIENCE_S",),
    "copy_waits": ("web.idempotency:PATIENCE",),
    "attention_s": ("vps.observations:ATTENTION_FOR",),
    "redis_s": ("web.bell:ANSWERS_WITHIN_S",),
    # A mail on its way out
    "mail_s": ("accounts.mails.send:TOTAL_S",),
    # The web process
    "head_within_s": ("ospab_panel.server.http_protocol:HEAD_WITHIN_S",),
    "body_within_s": ("ospab_panel.server.request_body:PATIENCE_S",),
    "handshake_within_s": ("ospab_panel.server.socket_protocol:HANDSHAKE_WITHIN_S",),
    "written_look_s": ("ospab_panel.server.write_limit:LOOK_EVERY_S",),
    "connections": ("ospab_panel.server.http_protocol:MOST_CONNECTIONS",),
    "sockets": ("ospab_panel.server.socket_protocol:MOST_SOCKETS",),
    "sockets_open": ("vps.sockets.slots:MOST_OPEN",),
    "requests_waiting": ("ospab_panel.server.wsgi_bridge:MOST_WAITING",),
    "admission_s": ("ospab_panel.server.admission:MOMENT_S",),
    "bytes_of_bodies": ("ospab_panel.server.request_body:callers.most",),
    "bytes_of_answers": ("ospab_panel.server.wsgi_bridge:answers.most",),
    # The simulated Proxmox VE
    "power_off_s": ("simulator.power:POWER_OFF_S",),
    "ha_queue_s": ("simulator.power:HA_QUEUE_S",),
    "ha_round_s": ("simulator.power:HA_ROUND_S",),
}


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Shorten:
    """`shorten(read_s=0.5)`: another value of a limit, until the test has ended."""

    def shorten_all(**values: Any) -> None:
        for name, value in values.items():
            put(name, value, monkeypatch.setattr)

    return shorten_all


def put(name: str, value: Any, put_one: Callable[[Any, str, Any], None] = setattr) -> None:
    """Give the limit of this name the value in all its places; by `setattr` it stays."""
    for location in SEAMS[name]:
        put_one(*owner_of(location), value)


def owner_of(location: str) -> tuple[Any, str]:
    """(what holds the value, the attribute's name). The module is looked up by name: a package may have a verb of its name."""
    module, _, path = location.partition(":")
    *parents, name = path.split(".")
    return reduce(getattr, parents, import_module(module)), name
