"""What a section of the staff's first page is, with the drawings and links that sections share. For the files beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from web.errors import Sentence

# Units of a drawing, which the page stretches: a bar with the gap behind it, the bar, and the height of the highest.
STEP, BAR, HEIGHT = 10, 8, 60


@dataclass(frozen=True)
class Section:
    """`facts` gives what templates/admin/board/_<name>.html shows as `facts`, now. Whoever has all `rights` is shown it."""

    name: str
    title: Sentence
    rights: tuple[str, ...]
    facts: Callable[[Any], dict[str, Any]]

    @property
    def template(self) -> str:
        return f"admin/board/_{self.name}.html"


@dataclass(frozen=True)
class Bar:
    """A piece of a bar: `bad` is drawn in red."""

    x: int
    y: int
    height: int
    is_bad: bool = False


def list_of(model: str, **query: Any) -> str:
    """The address of the admin's list of a model, with what is chosen of it."""
    address = reverse(f"admin:vps_{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def bars(counts: list[tuple[int, int]]) -> list[Bar]:
    """Of (how many, how many of these are bad) in each step of time: the bad ones stand on the ground. What is there is
    seen, however little it is."""
    highest = max([whole for whole, _bad in counts], default=0)
    drawn = []
    for column, (whole, bad) in enumerate(counts):
        top, red = (scaled(number, highest) for number in (whole, bad))
        drawn += [Bar(STEP * column, HEIGHT - top, top - red)] if top > red else []
        drawn += [Bar(STEP * column, HEIGHT - red, red, is_bad=True)] if red else []
    return drawn


def scaled(number: int, highest: int) -> int:
    return max(2, HEIGHT * number // highest) if number else 0


def drawing(counts: list[tuple[int, int]]) -> dict[str, Any]:
    """What _bars.html draws of these counts; no bars where nothing was."""
    return {"bars": bars(counts), "width": STEP * len(counts), "height": HEIGHT, "bar": BAR}
