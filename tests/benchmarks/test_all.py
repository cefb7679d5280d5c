"""`make bench` runs every benchmark that there is, and repeats what each says of its goals."""

from pathlib import Path

from benchmarks.__main__ import names, summary
from benchmarks.goals import Goal

FOLDER = Path(__file__).parent.parent.parent / "benchmarks"
# Programs that benchmarks start.
PARTS = {"load", "socket_client"}


def test_bench_runs_every_benchmark_that_there_is() -> None:
    programs = {path.stem for path in FOLDER.glob("[!_]*.py") if 'if __name__ == "__main__":' in path.read_text()}
    assert set(names()) == programs - PARTS


def test_bench_counts_the_goals_that_hold() -> None:
    goals = [
        Goal("a", 0.5, at_least=0.5),
        Goal("b", 0.4, at_least=0.5),
        Goal("c", 3, at_most=2),
        Goal("d", 2, at_most=2),
    ]
    assert summary([str(goal) for goal in goals], []) == "2 of 4 hold."
    assert summary([], ["http"]) == "0 of 0 hold. Did not come to an end: http."
