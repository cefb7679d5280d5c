"""`make bench`: 500 operations asked at once of one cluster, over two workers. How long, in which order, by which calls?

The plain reference is a worker that asks after each of its operations once a second until it is done.
"""

import argparse
import time

import psycopg

from launcher.children import wait_until
from tests.chaos.field import ASKED, WORKER, Asked, Field, signal
from tests.stack.conftest import running_panel

START = 4
READS_BEFORE, COMMANDS = 2, 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=500)
    count = parser.parse_args().operations
    with running_panel() as panel:
        field = Field(panel)
        second = ("-m", "celery", "-A", "ospab_panel", "worker", "--concurrency", "8", "--hostname", "second@%h")
        with field.another(*second):
            asked = ask_while_nobody_works(field, count)
            panel.simulator("DELETE", "/simulator/load")
            began = time.monotonic()
            let_go(field)
            wait_until(lambda: is_over(field, asked), 600, 0.2)
            seconds = time.monotonic() - began
            report(field, asked, seconds)


def ask_while_nobody_works(field: Field, count: int) -> list[Asked]:
    """Once the workers have taken the identities of the new guests."""
    servers = field.make([ASKED[START]] * count)
    wait_until(lambda: not waiting(field, len(servers)), 120, 0.5)
    for process in (WORKER, "manage.py sweeper"):
        field.send_signal(process, signal.SIGSTOP)
    return [field.click(*server, "start") for server in servers]


def waiting(field: Field, count: int) -> int:
    query = (
        "SELECT count(*) FROM (SELECT identity FROM placements ORDER BY id DESC LIMIT %s) AS new WHERE identity = ''"
    )
    with psycopg.connect(field.environment["DATABASE_URL"]) as database:
        return int(database.execute(query, [count]).fetchone()[0])


def let_go(field: Field) -> None:
    for process in (WORKER, "manage.py sweeper"):
        field.send_signal(process, signal.SIGCONT)


def rows(field: Field, asked: list[Asked]) -> list[tuple[int, str, float, float]]:
    """(operation, state, started, finished), by number, which is the order of asking."""
    query = """
        SELECT id, state, extract(epoch FROM started_at)::float, extract(epoch FROM finished_at)::float
        FROM operations WHERE id >= %s ORDER BY id
    """
    with psycopg.connect(field.environment["DATABASE_URL"]) as database:
        return database.execute(query, [asked[0].id]).fetchall()


def is_over(field: Field, asked: list[Asked]) -> bool:
    return all(finished for *_, finished in rows(field, asked))


def report(field: Field, asked: list[Asked], seconds: float) -> None:
    found = rows(field, asked)
    load = field.panel.simulator("GET", "/simulator/load")
    commands = [len(field.panel.commands(one.vmid)) for one in asked]
    took = sum(finished - started for _, _, started, finished in found if started)
    plain = len(found) * (READS_BEFORE + COMMANDS) + took
    print(f"{len(found)} operations in {seconds:.1f} s, {len(found) / seconds:.0f} a second, all of them: ", end="")
    print(*sorted({state for _, state, *_ in found}))
    print(f"commands an operation: {min(commands)} to {max(commands)}")
    print(f"out of order by {displacement(found)} places at most")
    print(f"calls in flight: {load['most_in_flight']} at most")
    print(
        f"calls: {load['calls']}; a poll a second each would have been {plain:.0f}, ratio {load['calls'] / plain:.2f}"
    )
    for path, number in sorted(load["by_path"].items(), key=lambda pair: -pair[1]):
        print(f"  {number:6} {path}")


def displacement(found: list[tuple[int, str, float, float]]) -> int:
    """How many places an operation ended from where it was asked."""
    ended = sorted(range(len(found)), key=lambda at: found[at][3])
    return max(abs(position - at) for position, at in enumerate(ended))


if __name__ == "__main__":
    main()
