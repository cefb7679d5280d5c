"""`python -m launcher`: what `make run` runs. PORT and DATA_DIR say where; Ctrl-C stops everything."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from launcher.children import ROOT, Child
from launcher.postgres import CannotStart
from launcher.stack import STOP_SIGNALS, Stack

LONGEST_PAUSE_S = 5.0
STEADY_AFTER_S = 60.0


def main() -> int:
    folder, port = Path(os.environ.get("DATA_DIR") or ROOT / ".data"), os.environ.get("PORT") or "5050"
    if not port.isdigit():
        print(f"PORT is {port!r}, which is no port.", file=sys.stderr)
        return 1
    stack = Stack(folder, int(port))
    is_over = threading.Event()
    for name in STOP_SIGNALS:
        signal.signal(name, interrupt)
    began = time.monotonic()
    print("Starting PostgreSQL, Valkey, a simulated Proxmox VE and the panel…", flush=True)
    try:
        stack.start()
        print(welcome(stack, time.monotonic() - began), flush=True)
        watch(stack, is_over)
    except KeyboardInterrupt:
        print("\nStopping…", flush=True)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for name in STOP_SIGNALS:
            signal.signal(name, signal.SIG_IGN)
        stack.stop()
    return 0


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def watch(stack: Stack, is_over: threading.Event) -> None:
    """Start again whatever dies, after a pause that doubles while it keeps dying."""
    pauses: dict[str, float] = {}
    started: dict[str, float] = {}
    while not is_over.wait(0.3):
        for child in stack.children:
            if not child.is_running:
                revive(stack, child, pauses, started)


def revive(stack: Stack, child: Child, pauses: dict[str, float], started: dict[str, float]) -> None:
    now = time.monotonic()
    was_steady = now - started.get(child.name, 0.0) > STEADY_AFTER_S
    pause = 0.5 if was_steady else min(pauses.get(child.name, 0.5) * 2, LONGEST_PAUSE_S)
    pauses[child.name] = pause
    print(
        f"{child.name} ended and is started again in {pause:.1f} s. Its last lines:\n{child.last_lines(5)}", flush=True
    )
    time.sleep(pause)
    stack.restart(child)
    started[child.name] = time.monotonic()


def welcome(stack: Stack, seconds: float) -> str:
    demo = json.loads((stack.folder / "demo.json").read_text())
    people = "\n".join(
        f"  {user['role']:<9} {user['username']:<6} {user['password']:<14} (user {user['id']})"
        for user in demo["users"]
    )
    return f"""
The panel is up after {seconds:.0f} s: {demo["url"]}   (Ctrl-C stops it)

Log in as
{people}

{mails(stack, demo["url"])}

Push a server as the main site does; Alice sees it at once:
{curl(demo)}
"""


def mails(stack: Stack, url: str) -> str:
    """Where they are read, or how they leave."""
    host = stack.env.get("SMTP_HOST")
    return f"Its mails go out by {host}." if host else f"Read the mails that it writes: {url}/demo/mail/"


def curl(demo: dict[str, str]) -> str:
    vps = {
        "user_id": 5,
        "name": "test-vps",
        "status": "running",
        "cpu": 2,
        "ram": 2048,
        "disk": 50,
        "os": "Ubuntu 22.04 LTS",
    }
    body = json.dumps({"action": "create", "vps": vps})
    return (
        f"curl -X POST {demo['url']}/api/vps/sync -H 'Content-Type: application/json' "
        f"-H 'X-API-Key: {demo['api_key']}' -d '{body}'"
    )


if __name__ == "__main__":
    sys.exit(main())
