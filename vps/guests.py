"""Which guest of a cluster is meant, in words that every hypervisor shares. Pure: drivers and models call it."""

from enum import StrEnum
from typing import NamedTuple

# Longer than any hypervisor's own name of a guest: a UUID has 36 characters.
LONGEST_KEY = 64


class Kind(StrEnum):
    """What a guest is."""

    VM = "vm"
    CONTAINER = "container"


class GuestRef(NamedTuple):
    """One guest of a cluster: `key` is the driver's own text, which names it there and never changes.

    `node` is the node where the guest was last seen, '' where the hypervisor has no nodes. A tuple is made in a quarter of
    the time, and every list brings one for each of its guests.
    """

    kind: Kind
    key: str
    node: str = ""


def number_of(key: str) -> int | None:
    """The key as a number, where it is one in its shortest form: some hypervisors count their guests."""
    return int(key) if key.isascii() and key.isdecimal() and str(int(key)) == key else None
