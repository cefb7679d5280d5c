"""`make bench WHAT=sync`: ten thousand sync commands, in batches and one call each, through the endpoints in-process."""

import argparse
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

from django.test import Client

from benchmarks.goals import Goal, show
from benchmarks.reconcile import panel

ONE_BY_ONE = 500
ROUNDS = 5
KEY = "for-tests-only-the-main-site-key-0123456789"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.sync", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    with panel():
        # Models are there when Django is.
        from accounts.models import User

        user = User.objects.create(username="alice", email="alice@example.com")
        print(f"{'commands':>8} {'what':<24} {'seconds':>8} {'commands/s':>11}")
        many = by_name(life(user.pk, count, "many"), by_batch)
        few = by_name(life(user.pk, ONE_BY_ONE, "few"), one_by_one)
        print("\nAs many commands a second in a batch as one a call:")
        for name, speed in many.items():
            print(f"  {name:<24} {speed / few[name]:.1f}")
        show(*goals(user.pk, count))


def goals(user: int, count: int) -> Iterator[Goal]:
    """Creates against one INSERT … SELECT, in turns on the same database; then the memory of one batch more."""
    from benchmarks import insert_select

    rounds = [creates(user, count, f"round-{number}") for number in range(2 * ROUNDS)]
    ours, least = zip(
        *(
            (timed(partial(by_batch, mine)), insert_select.seconds(json.dumps([one["vps"] for one in its])))
            for mine, its in zip(rounds[::2], rounds[1::2], strict=True)
        ),
        strict=True,
    )
    yield Goal(f"batch of {count} creates / one INSERT … SELECT", median(least) / median(ours), at_least=0.25)
    body = body_of(creates(user, count, "memory"))
    yield Goal("memory of a batch / its body", most_memory(body) / len(body), at_most=6)


def creates(user: int, count: int, prefix: str) -> list[Any]:
    return next(life(user, count, prefix))[1]


def body_of(commands: list[Any]) -> bytes:
    return json.dumps({"operations": commands}).encode()


def most_memory(body: bytes) -> int:
    """The most that Python held at once from the body's coming to the answer's going, both of them included."""
    tracemalloc.start()
    answer = sent(body)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    refuse_failure(answer)
    return most


def by_name(lives: Iterator[tuple[str, list[Any]]], call: Callable[[list[Any]], None]) -> dict[str, float]:
    return {
        name: measured(f"{name}, {call.__name__}", len(commands), partial(call, commands)) for name, commands in lives
    }


def life(user: int, count: int, prefix: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    names = [f"{prefix}-{number}" for number in range(count)]
    order = {"user_id": user, "name": "web", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
    yield "create", [{"action": "create", "vps": order | {"external_id": name}} for name in names]
    yield "update", [{"action": "update", "vps": {"external_id": name, "status": "running"}} for name in names]
    yield "nothing new", [{"action": "update", "vps": {"external_id": name, "status": "running"}} for name in names]
    yield "delete", [{"action": "delete", "vps": {"external_id": name}} for name in names]


def measured(name: str, count: int, call: Callable[[], None]) -> float:
    """Commands a second."""
    seconds = timed(call)
    print(f"{count:>8} {name:<24} {seconds:>8.2f} {count / seconds:>11.0f}", flush=True)
    return count / seconds


def timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def client() -> Client:
    return Client(headers={"X-API-Key": KEY, "Host": "localhost"})


def by_batch(commands: list[Any]) -> None:
    refuse_failure(sent(body_of(commands)))


def sent(body: bytes) -> Any:
    return client().post("/api/vps/sync/batch", body, content_type="application/json")


def refuse_failure(answer: Any) -> None:
    """What the client makes of the answer is no work of the panel's."""
    if not answer.content.startswith(b'{"status":"success"'):
        raise SystemExit(answer.content[:500].decode())


def one_by_one(commands: list[Any]) -> None:
    for command in commands:
        answer = client().post("/api/vps/sync", command, content_type="application/json")
        if answer.status_code >= 400:
            raise SystemExit(answer.content[:500].decode())


if __name__ == "__main__":
    main()
