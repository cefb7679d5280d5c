"""Compares a printed answer with the real one: its keys and types, and the words programs go by. For tests of docs/."""

import json
from typing import Any

LITERAL = ("status", "code", "message")
# The hypervisor moves a server between them while the example runs.
MOVING = ("running", "stopped")


def objects_in(output: str) -> list[Any]:
    """Every JSON object of what was printed, whatever stands around them."""
    decoder, found, at = json.JSONDecoder(), [], output.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(output, at)
        except ValueError:
            end = at + 1
        else:
            found.append(value)
        at = output.find("{", end)
    return found


def differences(printed: Any, real: Any, path: str = "") -> list[str]:
    """What the document says and is not so, one sentence each. null stands for what may be there or not."""
    if printed is None or real is None:
        return []
    if kind(printed) != kind(real):
        return [f"{path or 'the answer'} is {real!r}, and not like {printed!r}"]
    if isinstance(printed, dict):
        return of_objects(printed, real, path)
    if isinstance(printed, list):
        return of_lists(printed, real, path)
    is_literal = isinstance(printed, bool) or path.rpartition(".")[2] in LITERAL
    moves = printed in MOVING and real in MOVING
    return [f"{path} is {real!r}, and not {printed!r}"] if is_literal and printed != real and not moves else []


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def of_objects(printed: dict[str, Any], real: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}.{key} is not there" for key in printed if key not in real]
    found += [f"{path}.{key} is not told of" for key in real if key not in printed]
    for key in printed:
        found += differences(printed[key], real.get(key), f"{path}.{key}")
    return found


def of_lists(printed: list[Any], real: list[Any], path: str) -> list[str]:
    """A document shows the first ones of many."""
    if len(real) < len(printed):
        return [f"{path} has {len(real)} elements, and not {len(printed)}"]
    pairs = zip(printed, real, strict=False)
    return [line for at, (one, other) in enumerate(pairs) for line in differences(one, other, f"{path}.{at}")]
