"""The name by which command lines give the protocol to uvicorn: `--http ospab_panel.http_protocol:JsonHttpProtocol`."""

from ospab_panel.server.http_protocol import JsonHttpProtocol

__all__ = ["JsonHttpProtocol"]
