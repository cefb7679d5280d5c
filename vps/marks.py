"""What a machine is known by, and whether two sets of marks are of one machine. Pure: drivers and models call it.

A mark is `kind:text`: the SMBIOS uuid of a virtual machine, the MAC of each network card, the root volume of a container.
"""

import re

Marks = tuple[str, ...]

# The strongest first. A card is replaced, and a MAC is given again, more easily than a uuid is; a volume's name is its
# cluster's own, and is given again with the guest's key.
KINDS = ("uuid", "mac", "volume")
# What no two machines share, wherever they are.
UNIQUE = ("uuid", "mac")
LONGEST = 200
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


def mark(kind: str, text: str) -> str:
    return f"{kind}:{text.lower()}"[:LONGEST]


def of_kind(marks: Marks, kind: str) -> set[str]:
    return {one for one in marks if one.startswith(f"{kind}:")}


def is_same_machine(known: Marks, found: Marks) -> bool:
    """The strongest kind of mark that both have decides: a MAC that is there still proves nothing beside another uuid,
    and a card that was replaced nothing beside the same. Where they have no kind in common, nothing proves it."""
    for kind in KINDS:
        ours, theirs = of_kind(known, kind), of_kind(found, kind)
        if ours and theirs:
            return bool(ours & theirs)
    return False


def unique(marks: Marks) -> Marks:
    return tuple(one for one in marks if one.partition(":")[0] in UNIQUE)


def are_comparable(known: Marks, found: Marks) -> bool:
    """Whether they have a mark of one kind that no two machines share."""
    return any(of_kind(known, kind) and of_kind(found, kind) for kind in UNIQUE)


def lasting(known: Marks, found: Marks) -> Marks:
    """What the same machine is known by from now on: what was found, and of what was not found the kinds that lack."""
    kinds = {one.partition(":")[0] for one in found}
    return found + tuple(one for one in known if one.partition(":")[0] not in kinds)


def identity(marks: Marks) -> str:
    """The first of the strongest kind, without its kind: for people, and for tables of before. '' where there is none."""
    found = (one for kind in KINDS for one in marks if one.startswith(f"{kind}:"))
    return next(found, "").partition(":")[2]


def of_identity(text: str) -> Marks:
    """The one mark that this was."""
    return (mark("mac" if MAC.fullmatch(text.lower()) else "uuid", text),) if text else ()
