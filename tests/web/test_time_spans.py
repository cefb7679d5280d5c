"""How long something lasts, in both languages."""

import pytest
from django.utils import translation

from web.time_spans import span

SPANS = [
    (None, "—", "—"),
    (-3, "0 s", "0 с"),
    (0.9, "0 s", "0 с"),
    (42.7, "42 s", "42 с"),
    (60, "1 min", "1 мин"),
    (312, "5 min 12 s", "5 мин 12 с"),
    (3600 + 59, "1 h", "1 ч"),
    (4 * 3600 + 12 * 60, "4 h 12 min", "4 ч 12 мин"),
    (6 * 86400 + 4 * 3600 + 59, "6 d 4 h", "6 дн. 4 ч"),
    (86400 + 59 * 60, "1 d", "1 дн."),
]


@pytest.mark.parametrize(("seconds", "english", "russian"), SPANS)
def test_span_is_two_units_at_most_and_none_that_is_nothing(seconds: float | None, english: str, russian: str) -> None:
    with translation.override("en"):
        assert span(seconds) == english
    with translation.override("ru"):
        assert span(seconds) == russian
