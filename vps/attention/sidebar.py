"""How much needs a hand behind each link of the sidebar. The staff's pages ask for it, each of them.

It counts what the staff's first page counts, in one query, and that only where nobody has within some seconds.
"""

from collections import Counter
from typing import Any

from vps import observations
from vps.attention.kinds import BY_KEY, KINDS
from vps.attention.summary import counts

# How many rows of a model need a hand, and whether any of that cannot wait.
Needs = tuple[int, bool]


def needs() -> dict[str, Needs]:
    """By the name of the model; of those where nothing does, none."""
    numbers: Counter[str] = Counter()
    bad: set[str] = set()
    for kind, count in ((BY_KEY[key], count) for key, count in counted_lately().items() if key in BY_KEY):
        numbers[name_of(kind)] += count
        if kind.is_bad:
            bad.add(name_of(kind))
    return {name: (number, name in bad) for name, number in numbers.items()}


def name_of(kind: Any) -> str:
    return str(kind.model._meta.object_name)


def counted_lately() -> dict[str, int]:
    found = observations.attention()
    if found is None:
        found = counts(KINDS)
        observations.store_attention(found)
    return found
