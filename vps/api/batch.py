"""Applies a batch, at once or in parts, and gives what became of each of its operations. For sync.py."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from vps.api.batch_body import Operations
from vps.api.results import Results
from vps.errors import NotApplied
from vps.services import sync

# More than these are applied in parts: each costs a few round trips, and less memory than it does with all the others.
MOST_AT_ONCE = 1000


def apply(operations: Operations, *, is_atomic: bool) -> Results:
    """What is no valid command is not applied, and in an atomic batch then nothing is."""
    if is_atomic and operations.refused is not None:
        refusals = (one for part in operations.unpacked() for one in part.each if isinstance(one, dict))
        return none_applied(len(operations), operations.refused, next(refusals))
    if len(operations) <= MOST_AT_ONCE:
        return at_once(operations, is_atomic)
    return in_parts(operations, is_atomic)


def at_once(operations: Operations, is_atomic: bool) -> Results:
    parts, results = list(operations.unpacked()), Results()
    outcomes = iter(sync.apply([one for part in parts for one in part.commands], is_atomic=is_atomic))
    for part in parts:
        results.add(part, outcomes)
    return results


def in_parts(operations: Operations, is_atomic: bool) -> Results:
    results, count = Results(), len(operations)
    failure = sync.apply_in_parts(operations.needs, parts_of(operations, results), is_atomic=is_atomic)
    return none_applied(count, failure.at, failure.error.serialize()) if failure else results


def parts_of(operations: Operations, results: Results) -> Iterator[sync.Part]:
    for part in operations.unpacked():
        yield sync.Part(part.commands, partial(results.add, part))


def none_applied(count: int, at_fault: int, why: dict[str, Any]) -> Results:
    """For the sake of the one that is at fault."""
    results, others = Results(), NotApplied().serialize()
    results.write([results.refusal(index, why if index == at_fault else others) for index in range(count)])
    return results
