"""A Proxmox VE task's id, taken apart. For the driver beside it.

UPID:{node}:{pid}:{pstart}:{starttime}:{type}:{id}:{user}:  numbers in upper-case hex (pve-common 9.2, PVE::Tools).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

FORM = re.compile(
    r"UPID:(?P<node>[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:(?P<start>[0-9A-Fa-f]{8}):"
    r"(?P<type>[^:\s/]+):(?P<id>[^:\s/]*):(?P<user>[^:\s/]+):"
)


@dataclass(frozen=True)
class Upid:
    """`user` is the caller in full: `user@realm!token` for a token's task."""

    text: str
    node: str
    started_at: datetime
    type: str
    id: str
    user: str

    @property
    def key(self) -> str:
        """Of the guest, '' where it is no guest's task."""
        return self.id if self.id.isdecimal() else ""


def parse(text: object) -> Upid:
    """Raises ValueError on anything that is no UPID."""
    form = FORM.fullmatch(text) if isinstance(text, str) else None
    if form is None:
        raise ValueError("not a UPID")
    started_at = datetime.fromtimestamp(int(form["start"], 16), UTC)
    return Upid(form.string, form["node"], started_at, form["type"], form["id"], form["user"])
