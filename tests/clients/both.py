"""The two clients behind one face, so that a test says once what both must do. Fixtures, imported by conftest.py.

RAM is in GB here, `which` is {"id"} or {"external_id"}, calls about a VPS give {"vps"} and what else there is to tell, and
both raise the Python client's PanelError and WebhookError. tests/clients/test_published.py has what TypeScript alone does.
"""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from clients.python.ospab_panel_client import OspabPanel, PanelError, WebhookError, digest_of, verify_webhook
from tests.clients.node import Node

KEY = "the-main-sites-key-which-nobody-else-may-see"
USUAL = {"timeout": 60.0, "retries": 3, "backoff": 0.01}
# What no JSON holds, by the word that stands for it in tests/clients/driver.mjs.
UNWRITABLE = {"BigInt": Decimal(2), "Invalid Date": datetime(2026, 1, 1)}
Make = Callable[..., Any]


class InPython:
    name = "python"

    def __init__(self, url: str, api_key: str = KEY, **options: Any) -> None:
        self.panel = OspabPanel(url, api_key, **USUAL | options)

    def create(self, *, key: str | None = None, **vps: Any) -> Any:
        return self.panel.create_vps(idempotency_key=key, **with_ram_gb(vps))

    def update(self, which: Any, *, key: str | None = None, occurred_at: str | None = None, **changes: Any) -> Any:
        options = {"idempotency_key": key, "occurred_at": occurred_at}
        return self.panel.update_vps(**which, **options, **with_ram_gb(changes))

    def set_status(self, id: int, status: str) -> Any:
        return self.panel.update_vps_status(id, status)

    def delete(self, which: Any, *, key: str | None = None) -> Any:
        return self.panel.delete_vps(**which, idempotency_key=key)

    def sync(self, operation: Any, *, key: str | None = None) -> Any:
        return self.panel.sync(operation | {"vps": with_ram_gb(operation["vps"])}, idempotency_key=key)

    def refusal(self, verb: str, sentence: str) -> str:
        """As `verb`, which may be Create, Update or Delete, tells it."""
        return sentence

    def batch(self, operations: list[Any], *, atomic: bool = False, key: str | None = None) -> Any:
        sent = [with_ram_gb(operation) | {"vps": with_ram_gb(operation["vps"])} for operation in operations]
        return self.panel.batch(sent, atomic=atomic, idempotency_key=key)

    def rows(self, **asked: Any) -> list[Any]:
        return list(self.panel.list_vps(**asked))

    def suspend(self, which: Any, **suspension: Any) -> Any:
        return self.panel.suspend(**which, **suspension)

    def one(self, which: Any) -> Any:
        return self.panel.get_vps(**which)

    def stats(self, which: Any, timeframe: str | None = None) -> Any:
        return self.panel.stats(**which, timeframe=timeframe)

    def operations(self, which: Any, **asked: Any) -> list[Any]:
        return list(self.panel.operations(**which, **asked))

    def press(self, which: Any, verb: str, *, key: str | None = None, **options: Any) -> Any:
        named = which if "id" in which else which | {"id": None}
        return self.panel.power(verb=verb, idempotency_key=key, **named, **options)

    def operation(self, id: int) -> Any:
        return self.panel.operation(id)

    def wait_for(self, id: int, timeout: float) -> Any:
        return self.panel.wait_for(id, timeout=timeout)

    def digest(self) -> Any:
        return self.panel.digest()

    def digest_of(self, rows: list[Any]) -> str:
        return digest_of(rows)

    def create_user(self, **user: Any) -> Any:
        return self.panel.create_user(**user)

    def update_user(self, which: Any, **changes: Any) -> Any:
        return self.panel.update_user(**which, **changes)

    def deactivate_user(self, which: Any) -> Any:
        return self.panel.deactivate_user(**which)

    def users(self, **asked: Any) -> list[Any]:
        return list(self.panel.list_users(**asked))

    def user(self, which: Any) -> Any:
        return self.panel.get_user(**which)

    def login_link(self, which: Any, next: str | None = None) -> Any:
        name = {"user_id" if name == "id" else name: value for name, value in which.items()}
        return self.panel.login_link(next=next, **name)

    def events(self, after: int, **options: Any) -> list[Any]:
        return list(self.panel.events(after, **options))

    def verify(self, payload: bytes, headers: Any, secret: str | list[str], now: float) -> Any:
        return verify_webhook(payload, headers, secret, now=now)

    def shown(self) -> str:
        return repr(self.panel)


def with_ram_gb(vps: Any) -> Any:
    if not isinstance(vps, dict):
        return vps
    values = {name: UNWRITABLE.get(value, value) if isinstance(value, str) else value for name, value in vps.items()}
    return {"ram_gb" if name == "ram" else name: value for name, value in values.items()}


class InTypeScript:
    name = "typescript"

    def __init__(self, node: Node, url: str, api_key: str = KEY, **options: Any) -> None:
        given = USUAL | options
        times = {"timeoutMs": given["timeout"] * 1000, "backoffMs": given["backoff"] * 1000}
        self.node = node
        self.options = {"url": url, "apiKey": api_key, "retries": given["retries"], **times}

    def call(self, name: str, *args: Any) -> Any:
        answer = self.node.call(options=self.options, name=name, args=args)
        if "error" in answer:
            raise in_python(answer["error"])
        return answer["result"]

    def row(self, name: str, *args: Any) -> Any:
        answer = self.node.call(options=self.options, name=name, args=args)
        if "error" in answer:
            raise in_python(answer["error"])
        return {"vps": answer["result"]} | answer["notes"]

    def create(self, *, key: str | None = None, **vps: Any) -> Any:
        return self.row("createVPS", vps, under(key))

    def update(self, which: Any, *, key: str | None = None, occurred_at: str | None = None, **changes: Any) -> Any:
        return self.row("updateVPS", which, changes, under(key) | ({"occurredAt": occurred_at} if occurred_at else {}))

    def set_status(self, id: int, status: str) -> Any:
        return self.row("updateVPSStatus", id, status)

    def delete(self, which: Any, *, key: str | None = None) -> Any:
        """By `sync`, which tells more than deleteVPS does."""
        return self.sync({"action": "delete", "vps": which}, key=key)

    def sync(self, operation: Any, *, key: str | None = None) -> Any:
        return self.call("sync", operation, under(key))

    def refusal(self, verb: str, sentence: str) -> str:
        return f"[VPS Sync] {verb} failed: {sentence}"

    def batch(self, operations: list[Any], *, atomic: bool = False, key: str | None = None) -> Any:
        return self.call("batch", operations, {"atomic": atomic} | under(key))

    def rows(self, **asked: Any) -> Any:
        return self.call("listVPS", camels(asked))

    def suspend(self, which: Any, **suspension: Any) -> Any:
        return self.row("suspend", which, suspension)

    def one(self, which: Any) -> Any:
        return self.call("getVPS", which)

    def stats(self, which: Any, timeframe: str | None = None) -> Any:
        return self.call("stats", which, *([timeframe] if timeframe else []))

    def operations(self, which: Any, **asked: Any) -> Any:
        return self.call("operations", which, asked)

    def press(self, which: Any, verb: str, *, key: str | None = None, **options: Any) -> Any:
        return self.call("power", which, verb, camels(options) | under(key))

    def operation(self, id: int) -> Any:
        return self.call("operation", id)

    def wait_for(self, id: int, timeout: float) -> Any:
        return self.call("waitFor", id, {"timeoutMs": timeout * 1000})

    def digest(self) -> Any:
        return self.call("digest")

    def digest_of(self, rows: list[Any]) -> Any:
        return self.call("digestOf", rows)

    def create_user(self, **user: Any) -> Any:
        return self.call("createUser", user)

    def update_user(self, which: Any, **changes: Any) -> Any:
        return self.call("updateUser", which, changes)

    def deactivate_user(self, which: Any) -> Any:
        return self.call("deactivateUser", which)

    def users(self, **asked: Any) -> Any:
        return self.call("listUsers", camels(asked))

    def user(self, which: Any) -> Any:
        return self.call("getUser", which)

    def login_link(self, which: Any, next: str | None = None) -> Any:
        return self.call("loginLink", which, *([next] if next else []))

    def events(self, after: int, **options: Any) -> Any:
        return self.call("events", after, options)

    def verify(self, payload: bytes, headers: Any, secret: str | list[str], now: float) -> Any:
        return self.call("verifyWebhook", base64.b64encode(payload).decode(), headers, secret, now)

    def shown(self) -> Any:
        return self.call("inspect")


def camels(options: dict[str, Any]) -> dict[str, Any]:
    """user_id as userId."""
    return {re.sub("_(.)", lambda found: found[1].upper(), name): value for name, value in options.items()}


def under(key: str | None) -> dict[str, str]:
    return {} if key is None else {"idempotencyKey": key}


def in_python(error: dict[str, Any]) -> Exception:
    if error["name"] == "WebhookError":
        return WebhookError(error["message"])
    assert error["name"] == "PanelError", error
    known = {"request_id": error.get("requestId"), "retry_after": error.get("retryAfter"), "last": error.get("last")}
    known["operation"] = error.get("operation")
    made = PanelError(error["message"], error["code"], error["status"], error["errors"], **known)
    assert made.kind == error["kind"]
    made.results = error["results"]
    made.__notes__ = [error["inspected"]]
    return made


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.stop()


@pytest.fixture(params=["typescript", "python"])
def client_of(request: pytest.FixtureRequest) -> Make:
    """Makes a client of this panel, in the one language and in the other."""
    if request.param == "python":
        return InPython
    running = request.getfixturevalue("node")
    return lambda url, api_key=KEY, **options: InTypeScript(running, url, api_key, **options)
