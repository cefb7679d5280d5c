"""`make bench WHAT=operations`: many operations asked at once, over two workers. How long, in which order, by which calls?

First of one cluster: the plain reference is a worker that asks after each of its operations once a second until it is done.
Then of one cluster and of four by turns, each call of which takes a while, as a hypervisor's do: one cluster's operations are
held up by what it takes at once, and are not to hold up another's.
"""

import argparse
import signal
import time
from statistics import median

from benchmarks.goals import Goal, show
from benchmarks.simulated_clusters import Cluster, Server, clusters
from launcher.children import wait_until
from tests.chaos.field import WORKER, Asked, Field
from tests.stack.conftest import running_panel

READS_BEFORE, COMMANDS = 2, 1
SECOND = ("-m", "celery", "-A", "ospab_panel", "worker", "--concurrency", "8", "--hostname", "second@%h")
CLUSTERS, CALL_S, AT_LEAST = 4, 0.25, 3.5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=200, help="of one cluster at once")
    parser.add_argument("--each", type=int, default=30, help="of each cluster, where there are four")
    parser.add_argument("--rounds", type=int, default=2, help="of one cluster and of four")
    options = parser.parse_args()
    with running_panel() as panel:
        field = Field(panel)
        with field.another(*SECOND), clusters(field, CLUSTERS) as all_of_them:
            if options.operations:
                of_one(field, all_of_them[0], options.operations)
            of_many(field, all_of_them, options.each, options.rounds)


def of_one(field: Field, cluster: Cluster, count: int) -> None:
    asked, seconds = carried_out(field, [cluster], count)
    report(field, cluster, asked, seconds)


def of_many(field: Field, all_of_them: list[Cluster], each: int, rounds: int) -> None:
    rates: dict[int, list[float]] = {1: [], len(all_of_them): []}
    for _ in range(rounds):
        for count, found in rates.items():
            asked, seconds = carried_out(field, all_of_them[:count], each, CALL_S)
            found.append(len(asked) / seconds)
    alone, together = (median(found) for found in rates.values())
    print(f"calls of {CALL_S} s: one cluster {alone:.1f} operations a second, {CLUSTERS} of them {together:.1f}")
    show(Goal(f"operations of {CLUSTERS} clusters / of one, on two workers", together / alone, at_least=AT_LEAST))


def carried_out(field: Field, some: list[Cluster], each: int, call_s: float = 0) -> tuple[list[Asked], float]:
    """So many operations of each of these, asked while nobody works, and the seconds until the last has ended."""
    made = [cluster.make(field, each) for cluster in some]
    servers = [server for interleaved in zip(*made, strict=True) for server in interleaved]
    asked = ask_while_nobody_works(field, servers)
    for cluster in some:
        cluster.delay(call_s)
        cluster.call("DELETE", "load")
    began = time.time()
    let_go(field)
    wait_until(lambda: is_over(field, asked), 600, 0.2)
    for cluster in some:
        cluster.delay(0)
    return asked, max(finished for *_, finished in rows(field, asked)) - began


def ask_while_nobody_works(field: Field, servers: list[Server]) -> list[Asked]:
    """Once the workers have taken the identities of the new guests."""
    field.log_in()
    wait_until(lambda: not waiting(field, len(servers)), 120, 0.5)
    for process in (WORKER, "manage.py sweeper"):
        field.send_signal(process, signal.SIGSTOP)
    return [field.click(*server, "start") for server in servers]


def waiting(field: Field, count: int) -> int:
    query = (
        "SELECT count(*) FROM (SELECT identity FROM placements ORDER BY id DESC LIMIT %s) AS new WHERE identity = ''"
    )
    with field.panel.database() as database:
        return int(database.execute(query, [count]).fetchone()[0])  # type: ignore[index]


def let_go(field: Field) -> None:
    for process in (WORKER, "manage.py sweeper"):
        field.send_signal(process, signal.SIGCONT)


def rows(field: Field, asked: list[Asked]) -> list[tuple[int, str, float, float]]:
    """(operation, state, started, finished), by number, which is the order of asking."""
    query = """
        SELECT id, state, extract(epoch FROM started_at)::float, extract(epoch FROM finished_at)::float
        FROM operations WHERE id = ANY(%s) ORDER BY id
    """
    with field.panel.database() as database:
        return database.execute(query, [[one.id for one in asked]]).fetchall()


def is_over(field: Field, asked: list[Asked]) -> bool:
    return all(finished for *_, finished in rows(field, asked))


def report(field: Field, cluster: Cluster, asked: list[Asked], seconds: float) -> None:
    found, load = rows(field, asked), cluster.call("GET", "load")
    commands = [len(field.panel.commands(one.vmid)) for one in asked]
    took = sum(finished - started for _, _, started, finished in found if started)
    plain = len(found) * (READS_BEFORE + COMMANDS) + took
    print(f"{len(found)} operations in {seconds:.1f} s, {len(found) / seconds:.0f} a second, all of them: ", end="")
    print(*sorted({state for _, state, *_ in found}))
    print(f"commands an operation: {min(commands)} to {max(commands)}")
    print(f"out of order by {displacement(found)} places at most")
    print(f"calls in flight: {load['most_in_flight']} at most; handshakes: {load['handshakes']}")
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
