"""What the demo must keep between runs: its secrets, made once, and its ports. For the stack.

The sync key alone is no secret: it is the placeholder of the main site's manuals, so that their lines work as printed.
"""

import base64
import json
import os
import secrets
import socket
import uuid
from pathlib import Path

# Below those that kernels give to whoever calls out.
FIRST_PORT, PORTS = 20_000, 12_000
SYNC_KEY = "your_secret_api_key_here_min_32_chars_change_this"


def demo_secrets(folder: Path) -> dict[str, str]:
    """The environment variables of `folder`/secrets.json, which is made the first time, for its owner's eyes alone."""
    path = folder / "secrets.json"
    if not path.exists():
        write_whole(path, json.dumps(new_secrets(), indent=2).encode())
    kept: dict[str, str] = json.loads(path.read_text())
    return kept | {"VPS_SYNC_API_KEY": SYNC_KEY}


def write_whole(path: Path, content: bytes) -> None:
    """For its owner's eyes alone, and all of it or nothing: a kill in the middle must not leave half a file."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    os.replace(fresh, path)


def new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SIMULATOR_TOKEN": f"panel@pve!portal={uuid.uuid4()}",
    }


def kept_ports(folder: Path, names: tuple[str, ...]) -> dict[str, int]:
    """A port for each name, the same as last time where it is still free."""
    path = folder / "ports.json"
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    ports: dict[str, int] = {}
    for name in names:
        last = known.get(name, 0)
        ports[name] = last if last and is_free(last) else free_port()
    write_whole(path, json.dumps(ports).encode())
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Not one of the kernel's choosing: a client that calls out might have got it by the time that we listen there."""
    for _ in range(1000):
        port = FIRST_PORT + secrets.randbelow(PORTS)
        if is_free(port):
            return port
    raise OSError(f"There is no free port from {FIRST_PORT} on.")
