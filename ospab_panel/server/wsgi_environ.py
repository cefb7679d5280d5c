"""A request as WSGI has it (PEP 3333), from what ASGI says of it. For ospab_panel.server.wsgi_bridge."""

import sys
from io import BytesIO
from typing import Any

Headers = list[tuple[bytes, bytes]]


class Input(BytesIO):
    """A body that is held no longer than until it has been read: sixteen megabytes would stay for all that follows."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.length = len(body)

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if self.tell() == self.length:
            self.truncate(0)
        return data


def environ_of(scope: Any, body: bytes) -> dict[str, Any]:
    root = scope.get("root_path", "")
    host, port = scope.get("server") or ("localhost", 80)
    address, its_port = scope.get("client") or ("", 0)
    return {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": scope["path"].removeprefix(root).encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": address,
        "REMOTE_PORT": str(its_port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": Input(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    } | environ_of_headers(scope["headers"])


def environ_of_headers(headers: Headers) -> dict[str, str]:
    """WSGI writes `-` and `_` of a header's name alike, so one with `_` could pass for one that it is not."""
    environ: dict[str, str] = {}
    for name, value in headers:
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
