"""Numbers as they are read in both languages."""

from collections.abc import Callable

import pytest
from django.utils import translation

from vps.figures import amount, measured, percent, rate

KB, MB, GB = 1024, 1024**2, 1024**3


@pytest.mark.parametrize(
    ("written", "number", "english", "russian"),
    [
        (amount, None, "—", "—"),
        (amount, 1536 * MB, "1.5 GB", "1,5 ГБ"),
        (amount, 100 * GB, "100 GB", "100 ГБ"),
        (amount, 1023 * KB, "1,023 KB", "1\xa0023 КБ"),
        (measured, None, "—", "—"),
        (measured, 0, "0 B", "0 Б"),
        (measured, 3.56 * GB, "3.6 GB", "3,6 ГБ"),
        (measured, 12.44 * GB, "12.4 GB", "12,4 ГБ"),
        (measured, 14.2 * MB, "14 MB", "14 МБ"),
        (rate, 122 * KB, "122 KB/s", "122 КБ/с"),
        (rate, 2400, "2.3 KB/s", "2,3 КБ/с"),
        (rate, 5200, "5.1 KB/s", "5,1 КБ/с"),
        (rate, 700.4, "700 B/s", "700 Б/с"),
        (percent, 0.07, "7%", "7 %"),
        (percent, 0.003, "0.3%", "0,3 %"),
        (percent, 0, "0%", "0 %"),
        (percent, 1, "100%", "100 %"),
    ],
)
def test_figures_are_written_in_the_unit_that_fits_as_each_language_writes_them(
    written: Callable[[float | None], str], number: float | None, english: str, russian: str
) -> None:
    for language, words in (("en", english), ("ru", russian)):
        with translation.override(language):
            assert written(number) == words
