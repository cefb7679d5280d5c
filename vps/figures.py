"""Numbers as people read them: sizes, rates and shares, in the reader's language. Templates and pages call it.

static/graphs.js writes the same, by the same rule, under the cursor of a graph.
"""

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from web.errors import Sentence

MB = 1024**2
GIGA = 3
# Each is 1024 of the one before.
UNITS: tuple[Sentence, ...] = (_("B"), _("KB"), _("MB"), _("GB"), _("TB"))
# Decimals at most of what was sold, which is never rounded to another size.
EXACT = (0, 0, 1, 2, 2)


def power_of(count: float) -> int:
    """Which of the units fits: the largest that there is a whole one of."""
    return next((power for power in range(len(UNITS)) if count < 1024 ** (power + 1)), len(UNITS) - 1)


def in_words(number: float, decimals: int) -> str:
    """3.6, 8, 1,279: no zero at the end, and the groups of the language."""
    number = round(number, decimals)
    return number_format(int(number) if number == int(number) else number, force_grouping=True)


def grouped(count: int) -> str:
    """A number that is exact, and may be large: 1,048,576."""
    return in_words(count, 0)


def amount(count: float | None) -> str:
    """A number of bytes that is exact, such as what was sold: 1.25 GB."""
    if count is None:
        return "—"
    power = power_of(count)
    return f"{in_words(count / 1024**power, EXACT[power])} {UNITS[power]}"


def amount_of_mb(count: int) -> str:
    return amount(count * MB)


def apart(count: float) -> tuple[str, str]:
    """A number of bytes that was measured, and its unit: 3.6 and GB."""
    power = power_of(count)
    number = count / 1024**power
    is_fine = number < 10 or (power >= GIGA and number < 100)
    return in_words(number, 1 if power and is_fine else 0), str(UNITS[power])


def measured(count: float | None) -> str:
    """A number of bytes that was measured: 3.6 GB, 119 KB."""
    return "—" if count is None else " ".join(apart(count))


def rate(count: float | None) -> str:
    """Bytes a second that were measured."""
    return "—" if count is None else str(_("%(amount)s/s")) % {"amount": measured(count)}


def percent(fraction: float | None) -> str:
    """A share that was measured. What is less than one percent is not nothing."""
    if fraction is None:
        return "—"
    share = fraction * 100
    return str(_("%(number)s%%")) % {"number": in_words(share, 1 if share < 1 else 0)}


def patterns() -> dict[str, str]:
    """What a script needs to write the same: the units, and `{}` where the number goes."""
    return {
        "units": " ".join(str(unit) for unit in UNITS),
        "rate": str(_("%(amount)s/s")) % {"amount": "{}"},
        "percent": str(_("%(number)s%%")) % {"number": "{}"},
    }
