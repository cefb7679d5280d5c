"""The sockets' addresses, for ospab_panel.sockets. Programs are those that come from no page, and bring no cookie of ours."""

from collections.abc import Awaitable, Callable
from typing import Any

from vps.sockets import event_socket, page_socket

Application = Callable[[Any, Any, Any], Awaitable[None]]
FOR_PROGRAMS: dict[str, Application] = {"/ws/events": event_socket}
FOR_BROWSERS: dict[str, Application] = {"/ws/pages": page_socket} | FOR_PROGRAMS
