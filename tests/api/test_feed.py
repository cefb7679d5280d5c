"""The order in which events are read: whatever commits late is not skipped, and nothing comes twice."""

from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from vps.models import Event


def at_another_table() -> psycopg.Connection[Any]:
    """A connection beside Django's, in the same database."""
    wrapper = connections["default"].copy()
    wrapper.connect()
    raw: psycopg.Connection[Any] = wrapper.connection
    raw.autocommit = False
    return raw


INSERT = "INSERT INTO events (type, source, data, vps_id) VALUES ('vps.updated', 'system', '{}', %s) RETURNING id"


def read(after: int) -> list[tuple[int, int]]:
    Event.objects.settle()
    return list(Event.objects.feed(after).values_list("position", "vps_id"))


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_comes_after_what_was_read_and_not_before() -> None:
    late = at_another_table()
    try:
        late.execute(INSERT, [1])
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [2])
        first = read(0)
        late.commit()
        assert [vps for _, vps in first] == [2]
        assert [vps for _, vps in read(first[-1][0])] == [1]
    finally:
        late.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_settled_keeps_its_place() -> None:
    with connection.cursor() as cursor:
        for vps in (1, 2, 3):
            cursor.execute(INSERT, [vps])
    assert read(0) == read(0) == [(1, 1), (2, 2), (3, 3)]
