"""A registry of npm that has what is in the panel's node_modules, and no more: the documents' npm commands run against it."""

import contextlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from launcher.children import ROOT

PACKAGES = ROOT / "node_modules"


class Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name, _, version = unquote(self.path).removeprefix("/").partition("/-/")
        folder = PACKAGES / name
        if not (folder / "package.json").is_file():
            self.send_error(404)
        elif version:
            self.answer(packed(folder), "application/octet-stream")
        else:
            self.answer(json.dumps(self.described(name, folder)).encode(), "application/json")

    def described(self, name: str, folder: Path) -> dict[str, Any]:
        package = json.loads((folder / "package.json").read_text())
        version, (host, port) = package["version"], self.server.server_address[:2]
        package["dist"] = {"tarball": f"http://{host!s}:{port}/{name}/-/{version}.tgz"}
        return {"name": name, "dist-tags": {"latest": version}, "versions": {version: package}}

    def answer(self, body: bytes, type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The tests' output is for what fails."""


def packed(folder: Path) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder, "package")
    return written.getvalue()


@contextlib.contextmanager
def registry() -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
