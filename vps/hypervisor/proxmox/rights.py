"""Which privileges of Proxmox VE a token has, by GET /access/permissions, and what the panel needs them for.

For the driver beside it. The answer names each path on which something is granted, with what is effective there: what a
token has by privilege separation, its user's and its own in common, needs no thought. A value of 0 says that what is
below the path does not inherit the privilege.
"""

from typing import Any

from vps.guests import GuestRef, Kind
from vps.hypervisor.base import Need
from vps.hypervisor.proxmox import read

# One of these does. VM.Monitor is Proxmox VE 8's, in place of the guest agent's own two.
PRIVILEGES = {
    Need.SEE: ("VM.Audit",),
    Need.COMMAND: ("VM.PowerMgmt",),
    Need.ADDRESSES: ("VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted", "VM.Monitor"),
}
ABOVE = ("/vms", "/")
# Of the guests of a pool the answer names each; of an empty one it names the pool alone.
WITHIN = ("/vms/", "/pool/")
Granted = dict[str, dict[str, float]]


class Rights:
    """What the token may do, in the panel's words (base.Rights)."""

    def __init__(self, granted: Granted) -> None:
        self.granted = granted

    def may(self, need: Need, ref: GuestRef | None = None) -> bool:
        if ref is None:
            return any(self.has(need, path) for path in self.granted if path in ABOVE or path.startswith(WITHIN))
        # A container tells its addresses to whoever may see it.
        need = Need.SEE if ref.kind == Kind.CONTAINER and need == Need.ADDRESSES else need
        own = f"/vms/{ref.key}"
        if own in self.granted:
            return self.has(need, own)
        above = next((path for path in ABOVE if path in self.granted), "")
        return bool(above) and self.has(need, above, inherited=True)

    def has(self, need: Need, path: str, *, inherited: bool = False) -> bool:
        here = self.granted[path]
        return any(name in here and (here[name] or not inherited) for name in PRIVILEGES[need])

    def name(self, need: Need) -> str:
        return PRIVILEGES[need][0]


def rights(answer: Any) -> Rights:
    by_path = read.fields(answer)
    return Rights({path: numbers(granted) for path, granted in by_path.items()})


def numbers(granted: Any) -> dict[str, float]:
    return {name: read.number(value) for name, value in read.fields(granted).items()}
