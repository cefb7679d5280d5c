"""How many rows a statement touches, by what EXPLAIN says after it has run. For `reads`, and for tests that hold it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Step:
    """A node of a plan: `rows` it has looked at, in all its loops; of a sort, what it was given."""

    kind: str
    table: str
    rows: float


def steps(statement: str) -> list[Step]:
    """Of a SELECT, which is run for it."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement.replace("%", "%%"), [])
        (plan,) = cursor.fetchone()[0] if cursor.description else [{}]
    return list(walk((plan if isinstance(plan, dict) else json.loads(plan))["Plan"]))


def walk(node: dict[str, Any]) -> Iterator[Step]:
    below = node.get("Plans", [])
    loops = node["Actual Loops"]
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    if "Sort" in node["Node Type"] and below:
        seen, loops = below[0]["Actual Rows"], below[0]["Actual Loops"]
    yield Step(node["Node Type"], node.get("Relation Name", ""), seen * loops)
    for other in below:
        yield from walk(other)


def touched(statements: list[str]) -> float:
    """Rows of tables that all of these looked at."""
    found = [step for statement in statements for step in steps(statement)]
    return sum(step.rows for step in found if step.table)
