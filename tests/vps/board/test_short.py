"""Numbers and ages as the staff's pages write them."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from vps.templatetags.board import age, briefly, thin


@pytest.mark.parametrize(
    ("lasted", "english", "russian"),
    [
        (timedelta(seconds=4.6), "4 s", "4 с"),
        (timedelta(minutes=34, seconds=50), "34 min", "34 мин"),
        (timedelta(hours=2, minutes=10, seconds=9), "2 h 10 min", "2 ч 10 мин"),
        (timedelta(hours=3, seconds=9), "3 h", "3 ч"),
        (timedelta(days=3, hours=5), "3 d", "3 дн."),
    ],
)
def test_age_is_said_in_few_words_on_one_line_in_either_direction(
    lasted: timedelta, english: str, russian: str
) -> None:
    for language, words in (("en", english), ("ru", russian)):
        with translation.override(language):
            now = timezone.now()
            assert age(now - lasted).replace("\N{NO-BREAK SPACE}", " ") == words
            assert age(now + lasted + timedelta(milliseconds=300)).replace("\N{NO-BREAK SPACE}", " ") == words
            assert " " not in age(now - lasted)


def test_age_of_what_has_no_time_is_nothing() -> None:
    assert age(None) == ""
    assert briefly(None) == "—"


def test_thin_groups_the_digits_of_large_numbers() -> None:
    assert [thin(number).split("\N{NARROW NO-BREAK SPACE}") for number in (7, 1279, 1234567)] == [
        ["7"],
        ["1", "279"],
        ["1", "234", "567"],
    ]
