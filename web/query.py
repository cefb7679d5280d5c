"""What stands behind the question mark of an address: numbers, words, and which page of a list. Endpoints call it.

A page goes on from a key and not from a count, so nothing is skipped and nothing comes twice while rows come and go.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext
from rest_framework.request import Request

from web.errors import InvalidInput, invalid
from web.integers import INT_MAX

# What is wrong, and nothing before it.
BARE = "%(faults)s"
# Of what an address is full of, so many are named.
MOST_NAMED = 10


@dataclass(frozen=True)
class Page:
    """At most `limit` rows of the list at `path`, from the one on that comes next to `key`."""

    path: str
    name: str
    key: int
    limit: int

    @property
    def reads(self) -> int:
        """How many rows are to be read: one more than are shown tells that there is a following page."""
        return self.limit + 1

    def cut(self, rows: Iterable[Any], by: str = "pk", **repeated: str) -> tuple[list[Any], str | None]:
        """The rows to be shown, and the address of the following page or None. `by` names the rows' attribute that is the
        key; what is `repeated` stands in that address again, unless it is empty.
        """
        found = list(rows)
        shown = found[: self.limit]
        if len(found) <= self.limit:
            return shown, None
        query = {self.name: getattr(shown[-1], by), "limit": self.limit} | {k: v for k, v in repeated.items() if v}
        return shown, f"{self.path}?{urlencode(query, safe=',')}"


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """A parameter of which nobody knows was meant to do something, and so was one that is given twice. `@endpoint` calls it
    with those that the endpoint is described with. Raises InvalidInput, which names them and never a value.
    """
    given = request.query_params.lists()
    wrong = ((name, why_refused(name, values, known)) for name, values in given)
    errors = {name: [why] for name, why in islice(((name, why) for name, why in wrong if why), MOST_NAMED)}
    if errors:
        raise InvalidInput("; ".join(f"{name}: {why}" for name, [why] in errors.items()), errors=errors)


def why_refused(name: str, values: list[str], known: Collection[str]) -> str:
    if name in known:
        return gettext("Must be given once.") if len(values) > 1 else ""
    if not known:
        return gettext("This address takes no parameters.")
    return gettext("There is no such parameter. This address takes: %(names)s.") % {"names": ", ".join(known)}


def page_after(request: Request, *, default: int, most: int, largest_key: int = INT_MAX) -> Page:
    """`limit` and `after`, for a list in the order of its keys. Raises InvalidInput."""
    limit = number(request, "limit", default, most, least=1)
    return Page(path_of(request), "after", number(request, "after", 0, largest_key), limit)


def page_before(request: Request, *, default: int, most: int) -> Page:
    """`limit` and `before`, for a list whose newest rows come first. Raises InvalidInput."""
    limit = number(request, "limit", default, most, least=1)
    return Page(path_of(request), "before", number(request, "before", INT_MAX, INT_MAX), limit)


def path_of(request: Request) -> str:
    """As an address is written: what a name in it holds is escaped."""
    return escape_uri_path(request.path_info.rstrip("/"))


def number(request: Request, name: str, default: int, most: int, least: int = 0) -> int:
    """A whole number from `least` to `most`. Raises InvalidInput, which names it."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        sentence = gettext("Must be a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
        raise invalid({name: sentence}, BARE)
    return int(text)


def text(request: Request, name: str, longest: int) -> str:
    """Some text; empty where it is not given, for one that is given empty was forgotten by its caller. Raises InvalidInput."""
    found = request.query_params.get(name)
    if found is not None and not 1 <= len(found) <= longest:
        sentence = gettext("Must be 1 to %(longest)s characters.") % {"longest": longest}
        raise invalid({name: sentence}, BARE)
    return found or ""


def choices(request: Request, name: str, known: list[str]) -> list[str]:
    """A list with commas of known words; empty where it is not given. Raises InvalidInput."""
    given = request.query_params.get(name)
    found = [] if given is None else given.split(",")
    if not set(found) <= set(known):
        sentence = gettext("Must be one of: %(words)s.") % {"words": ", ".join(known)}
        raise invalid({name: sentence}, BARE)
    return found
