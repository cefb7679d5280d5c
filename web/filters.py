"""What a list can be narrowed down to: an endpoint has a table of Filters, for its description and for its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from web.integers import INT_MAX
from web.openapi.endpoint import query
from web.openapi.shapes import Schema
from web.query import number


@dataclass(frozen=True)
class Filter:
    """`shape` is what it is and takes; `read` makes a condition of the request, and raises InvalidInput."""

    shape: Schema
    read: Callable[[Request], Q]


Filters = Mapping[str, Filter]


def parameters(filters: Filters) -> list[Schema]:
    """For the description."""
    return [query(name, one.shape) for name, one in filters.items()]


def narrowed(rows: Any, request: Request, filters: Filters) -> Any:
    """Those rows that are all that the request asks for. Raises InvalidInput."""
    return rows.filter(*(filters[name].read(request) for name in given(request, filters)))


def given(request: Request, filters: Filters) -> dict[str, str]:
    """As they stand in the address, for the address of the following page."""
    return {name: request.query_params[name] for name in filters if name in request.query_params}


def row_number(request: Request, name: str) -> int:
    """The id of a row."""
    return number(request, name, 1, INT_MAX, least=1)
