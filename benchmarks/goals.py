"""A ratio beside its goal, in one line that is the same for all. Every benchmark prints its goals by it."""

from dataclasses import dataclass

PREFIX = "GOAL"


@dataclass(frozen=True)
class Goal:
    """`ratio` is held against a bound: it is to be at least or at most that."""

    what: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        return (self.at_least is None or self.ratio >= self.at_least) and (
            self.at_most is None or self.ratio <= self.at_most
        )

    def __str__(self) -> str:
        bounds = [f"≥ {self.at_least:g}"] if self.at_least is not None else []
        bounds += [f"≤ {self.at_most:g}"] if self.at_most is not None else []
        return f"{PREFIX} {self.what:<64} {self.ratio:>9.3f}  {' and '.join(bounds):<9}  {'holds' if self.holds else 'MISSED'}"


def show(*goals: Goal) -> None:
    print(*goals, sep="\n", flush=True)
