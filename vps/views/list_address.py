"""What the address of the list says: search, filter, order and page. For the views of the list beside it."""

from typing import NamedTuple

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from vps.models.narrowing import NAMES, ORDERS

# A browser's address has its own limit, and no name is longer.
LONGEST_SEARCH = 255
LONGEST_ID = 10


class ListAddress(NamedTuple):
    """`state` is one of `narrowing.NAMES`, or '' for all; `sort` one of its ORDERS, with a minus the other way round."""

    q: str = ""
    state: str = ""
    sort: str = "name"
    page: int = 1

    def path(self) -> str:
        """As short as it can be: what is so anyway is left out. A change of filter or order begins at the first page."""
        different = {name: value for name, value in self._asdict().items() if value != self._field_defaults[name]}
        return reverse("vps:list") + (f"?{urlencode(different)}" if different else "")

    def query(self) -> str:
        return self.path().partition("?")[2]

    def narrowed(self, state: str) -> str:
        return self._replace(state=state, page=1).path()

    def sorted(self, sort: str) -> str:
        return self._replace(sort=sort, page=1).path()

    def at(self, page: int) -> str:
        return self._replace(page=page).path()


def address_of(query: QueryDict) -> ListAddress:
    """What it does not know, it leaves out. `status` is what the addresses of 0.3 have."""
    state, sort, page = query.get("state") or query.get("status", ""), query.get("sort", ""), query.get("page", "")
    return ListAddress(
        q=query.get("q", "").strip()[:LONGEST_SEARCH],
        state=state if state in NAMES else "",
        sort=sort if sort.removeprefix("-") in ORDERS else "name",
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def ids_of(query: QueryDict) -> list[int]:
    """The servers that are named, each once. What is no id names nothing."""
    ids = [int(id) for id in query.getlist("id") if id.isascii() and id.isdigit() and len(id) < LONGEST_ID]
    return list(dict.fromkeys(ids))
