"""The web server's own log, by the command that the documentation prints: a link lets in whoever reads it."""

import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from launcher.children import ROOT
from launcher.secrets_file import free_port
from tests.simulated import wait_for

TOKEN = "Rk3TnQmZs8w0vLh5y2XbC7dE9fGa1JpU"


def printed_command() -> list[str]:
    """Of the web process, in the table of what runs."""
    text = (ROOT / "docs/architecture.md").read_text()
    return shlex.split(re.findall(r"^\| web \| `([^`]+)`", text, re.MULTILINE)[0])


def status_of(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def knock(port: int, path: str) -> None:
    """As for a socket, of which the server writes a line elsewhere."""
    headers = f"Host: 127.0.0.1:{port}\r\nOrigin: {os.environ['PANEL_URL']}\r\n"
    headers += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    headers += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bm9uY2Utb2YtMTYtYnl0ZQ==\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        assert caller.recv(12).startswith(b"HTTP/1.1 4")


def serve(log: IO[str], port: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", *printed_command(), "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=log, stderr=log, text=True)


def test_access_log_of_the_printed_command_holds_no_link(tmp_path: Path) -> None:
    """D9: the printed command writes no link to any log."""
    log, port = tmp_path / "web.log", free_port()
    with log.open("w") as out, serve(out, port) as web:
        wait_for(lambda: status_of(port, "/healthz") or web.poll() is not None, 60, log.name)
        for path in (
            f"/login/link/{TOKEN}/",
            f"/login/link/{TOKEN}",
            f"/login/lin%6b/{TOKEN}/?next=/login/link/{TOKEN}/",
            f"/login/?next=%2Flogin%2flink%2F{TOKEN}%2F",
            f"//login//link//{TOKEN}",
            f"/LOGIN/Link/{TOKEN}/",
            f"/password/reset/{TOKEN}/",
            f"/password/reset/{TOKEN}",
            f"/login/?next=%2Fpassword%2freset%2F{TOKEN}%2F",
            f"/email/confirm/{TOKEN}/",
            f"//email//confirm//{TOKEN}",
        ):
            assert status_of(port, path)
        knock(port, f"/login/link/{TOKEN}/")
        web.terminate()
    text = log.read_text()
    for logged in ("GET /login/link/…", "GET /password/reset/…", "GET /email/confirm/…"):
        assert logged in text
    assert TOKEN not in text
