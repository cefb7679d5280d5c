"""Many rows in one statement, without an object for each: a list a column is handed over, and PostgreSQL makes rows of them.

A CASE of thousands of branches, and VALUES of thousands of rows, are read piece by piece; a list is joined. For models.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from web.statements import Statement

Model = type[models.Model]
Names = tuple[str, ...]


def insertion(model: Model, names: Names, rows: Iterable[Sequence[Any]], **same: Any) -> Statement:
    """Adds these rows, in their order. `same` are columns that are the same in all of them."""
    source, values = given(model, names, rows)
    return Statement(insert(model, names, source, tuple(same)), [*same.values(), *values])


def upsertion(model: Model, names: Names, rows: Iterable[Sequence[Any]]) -> Statement:
    """Adds these rows, or where the first column has its value already writes the others anew."""
    source, values = given(model, names, rows)
    return Statement(upsert(model, names, source), values)


@cache
def insert(model: Model, names: Names, source: str, same: Names = ()) -> str:
    values = ", ".join([*(f"%s::{type_of(model, name)}" for name in same), "given.*"])
    return f"INSERT INTO {model._meta.db_table} ({columns(model, same + names)}) SELECT {values} FROM {source}"  # noqa: S608


@cache
def upsert(model: Model, names: Names, source: str) -> str:
    fresh = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    return f"{insert(model, names, source)} ON CONFLICT ({names[0]}) DO UPDATE SET {fresh}"


def given(model: Model, names: Names, rows: Iterable[Sequence[Any]]) -> tuple[str, list[Any]]:
    """What makes rows of these, called `given`, and the values that it takes. One row alone needs no lists: of ten columns
    PostgreSQL makes ten small tables before it has the row."""
    found = list(rows)
    if len(found) == 1:
        return one_row(model, names), as_json(model, names, found[0])
    return many_rows(model, names), lists(model, names, found)


@cache
def one_row(model: Model, names: Names) -> str:
    values = ", ".join(f"%s::{type_of(model, name)}" for name in names)
    return f"(VALUES ({values})) AS given ({columns(model, names)})"


def as_json(model: Model, names: Names, row: Sequence[Any]) -> list[Any]:
    return [
        json.dumps(value) if type_of(model, name) == "jsonb" else value for name, value in zip(names, row, strict=True)
    ]


@cache
def many_rows(model: Model, names: Names) -> str:
    """Of what `lists` hands over."""
    sources = ", ".join(source(type_of(model, name)) for name in names)
    return f"ROWS FROM ({sources}) AS given ({columns(model, names)})"


def columns(model: Model, names: Names) -> str:
    return ", ".join(str(field_of(model, name).column) for name in names)


@cache
def type_of(model: Model, name: str) -> str:
    """Of a column, without a length: a text that is too long is refused, and not cut."""
    return str(field_of(model, name).db_type(connection)).partition("(")[0]


def field_of(model: Model, name: str) -> Any:
    return model._meta.get_field(name)


def source(type: str) -> str:
    return "jsonb_array_elements(%s::jsonb)" if type == "jsonb" else f"unnest(%s::{type}[])"


def lists(model: Model, names: Names, rows: Iterable[Sequence[Any]]) -> list[str]:
    """A text a column. There must be a row."""
    return [
        json.dumps(values) if type_of(model, name) == "jsonb" else array(values)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]


def array(values: Iterable[Any]) -> str:
    """As PostgreSQL reads a list of them, be they texts, numbers or times: in a third of the time that psycopg takes."""
    return f"{{{','.join([str(value) if type(value) is int else quoted(value) for value in values])}}}"


def quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text
    return f'"{escaped}"'
