"""`make bench WHAT=sockets`: five thousand readers of events on one web process, idle, rung, and come back in a burst.

Five hundred users with ten sockets each, as browsers offer them, compression too. One transaction records an event of each
user; PostgreSQL and Valkey are throwaway, and nothing else runs. At the end two pages of each are opened at once.
"""

import argparse
import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from benchmarks import goals
from benchmarks.contenders import WEB, Contender
from benchmarks.goals import Goal
from benchmarks.reconcile import panel
from launcher.children import ROOT
from launcher.programs import python
from launcher.secrets_file import free_port

OF_A_USER = 10
KB_EACH, IDLE_SHARE, SECONDS = 60, 0.05, 1
IDLE_S, ROUNDS, PAGES = 30, 5, 1000
HEAD = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n{more}\r\n\r\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--burst", type=int, default=2000)
    given = parser.parse_args()
    with panel() as folder:
        # Models are there when Django is.
        from benchmarks.readers import Readers

        readers = Readers(given.sockets // OF_A_USER)
        with served(folder) as (web, clients):
            goals.show(*measured(web, clients, readers, given))


def measured(web: "Web", clients: "Clients", readers: Any, given: argparse.Namespace) -> list[Goal]:
    heads = [head(token) for token in readers.tokens for _ in range(OF_A_USER)]
    readers.change()
    clients("open", heads=heads[:OF_A_USER], at_once=1)
    clients("drop", count=OF_A_USER)
    before = web.kilobytes()
    opened = clients("open", heads=heads, at_once=200)
    time.sleep(2)
    each = (web.kilobytes() - before) / len(heads)
    print(f"{opened}: {each:.1f} kB each")
    idle = web.share(IDLE_S)
    print(f"idle: {idle:.1%} of a core")
    rounds = [clients("received", since=readers.change()) for _ in range(ROUNDS)]
    seconds = [one["all"] if not one["missing"] else float("inf") for one in rounds]
    print(f"an event to each: half had it after {median(one['half'] for one in rounds):.2f} s, all after", end=" ")
    print(", ".join(f"{one:.2f}" for one in seconds), "s")
    clients("drop", count=given.burst)
    burst = clients("open", heads=heads[: given.burst], at_once=given.burst)
    print(f"{given.burst} that come back at once: {burst}")
    print(f"and have all the next event: {clients('received', since=readers.change())}")
    pages = clients("open", heads=[page(cookie) for cookie in readers.cookies for _ in range(2)], at_once=PAGES)
    print(f"pages that are opened at once: {pages}")
    refused = burst.get("refused", 0) + pages.get("refused", 0)
    return [
        Goal(f"sockets: kB of each of {len(heads)}, of {KB_EACH}", each / KB_EACH, at_most=1),
        Goal("sockets: share of a core, idle", idle, at_most=IDLE_SHARE),
        Goal("sockets: seconds until all have an event, of 1", median(seconds) / SECONDS, at_most=1),
        Goal("sockets: share of a burst refused untold", refused / given.burst, at_most=0),
    ]


def head(token: str) -> str:
    return HEAD.format(path="/ws/events", more=f"Sec-WebSocket-Protocol: panel.v1, bearer.{token}")


def page(cookie: str) -> str:
    return HEAD.format(path="/ws/pages", more=f"Origin: {settings.PANEL_URL}\r\nCookie: session={cookie}")


class Web(Contender):
    """One process, as the launcher starts each."""

    def kilobytes(self) -> float:
        """Of memory that it holds."""
        assert self.child.process
        status = Path(f"/proc/{self.child.process.pid}/status").read_text()
        return float(status.partition("VmRSS:")[2].split()[0])

    def share(self, seconds: float) -> float:
        began, used = time.monotonic(), self.cpu()
        time.sleep(seconds)
        return (self.cpu() - used) / (time.monotonic() - began)


class Clients:
    """The process that holds the other ends."""

    def __init__(self, port: int) -> None:
        command = python("-m", "benchmarks.socket_client", str(port))
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)

    def __call__(self, name: str, **given: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([name, given]), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[Web, Clients]]:
    port = free_port()
    command = python("-m", "uvicorn", "ospab_panel.asgi:application", "--port", str(port), *WEB[:-2])
    web = Web("web", folder, command, port)
    web.start()
    clients = Clients(port)
    try:
        yield web, clients
    finally:
        clients.process.kill()
        web.child.stop()


if __name__ == "__main__":
    main()
