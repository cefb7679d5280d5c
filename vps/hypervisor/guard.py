"""Who watches over the calls to a cluster, and may hold one back. vps.open_hypervisor makes one; drivers ask it each time."""

from typing import Protocol

from vps.hypervisor.base import HypervisorError


class Guard(Protocol):
    """Who is told how each call went, and may hold one back. `node` is '' where the whole cluster is meant."""

    def before(self, node: str) -> None:
        """Raises Unreachable where this is not to be asked now."""
        ...

    def connected(self) -> None:
        """The cluster took a call, and what became of that says nothing of the cluster."""
        ...

    def answered(self, node: str) -> None: ...

    def failed(self, node: str, error: HypervisorError) -> None: ...


class Unguarded:
    """Lets every call through."""

    def before(self, node: str) -> None:
        """Nothing is held back."""

    def connected(self) -> None:
        """Nobody asks."""

    def answered(self, node: str) -> None:
        """Nobody asks."""

    def failed(self, node: str, error: HypervisorError) -> None:
        """Nobody asks."""
