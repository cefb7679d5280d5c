"""A line of the last hour as the path of an SVG, made here so that it needs no JavaScript. For the tiles beside it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 240, 48
# Room for half of the line's own width, so that it is not cut at the edges.
EDGE = 1.0
Measured = tuple[int, float | None]


class Line(NamedTuple):
    """`line` is stroked; `area`, what lies below it, is filled."""

    line: str
    area: str


def draw(points: Sequence[Measured], top: float) -> Line:
    """What was not measured is a gap. `top` is the value at the upper edge."""
    stretches = [stretch for stretch in measured(points, top) if len(stretch) > 1]
    lines = ["M" + "L".join(f"{x:g} {y:g}" for x, y in stretch) for stretch in stretches]
    ends = [f"V{HEIGHT}H{stretch[0][0]:g}Z" for stretch in stretches]
    return Line("".join(lines), "".join(map(str.__add__, lines, ends)))


def measured(points: Sequence[Measured], top: float) -> Iterator[list[tuple[float, float]]]:
    """Each stretch without a gap, as x and y."""
    begin, end = points[0][0], points[-1][0]
    stretch: list[tuple[float, float]] = []
    for moment, value in points:
        if value is None:
            yield stretch
            stretch = []
            continue
        x = WIDTH * (moment - begin) / ((end - begin) or 1)
        y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * min(value / top, 1)
        stretch.append((round(x, 1), round(y, 1)))
    yield stretch
