"""The zone that a browser names in a cookie, which is anybody's word, and the day that something was on there."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import translation

from web.reader_zone import day_in_words, zone_of

LATE = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "Europe/Moscow\n", "a" * 5000]
)
def test_zone_of_a_cookie_that_names_none_is_utc(name: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["zone"] = name
    assert zone_of(request) is UTC


def test_zone_of_a_cookie_is_the_readers() -> None:
    request = RequestFactory().get("/")
    assert zone_of(request) is UTC
    request.COOKIES["zone"] = "Europe/Moscow"
    assert zone_of(request) == MOSCOW


@pytest.mark.parametrize(
    ("when", "zone", "english", "russian"),
    [
        (LATE, UTC, "Yesterday, 26 November", "Вчера, 26 ноября"),
        (LATE, MOSCOW, "Today, 27 November", "Сегодня, 27 ноября"),
        (datetime(2026, 11, 20, tzinfo=UTC), UTC, "20 November", "20 ноября"),
        (datetime(2025, 3, 14, tzinfo=UTC), UTC, "14 March 2025", "14 марта 2025"),
    ],
)
def test_day_in_words_goes_by_the_readers_calendar(when: datetime, zone: ZoneInfo, english: str, russian: str) -> None:
    now = datetime(2026, 11, 27, 9, tzinfo=UTC)
    with translation.override("en"):
        assert day_in_words(when, zone, now) == english
    with translation.override("ru"):
        assert day_in_words(when, zone, now) == russian
