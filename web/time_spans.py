"""How long something takes or has lasted, as people read it: 42 s, 5 min 12 s, 6 d 4 h. For pages, notices and mails."""

from django.utils.translation import gettext_lazy as _

from web.errors import Sentence

MINUTE, HOUR, DAY = 60, 3600, 86400
# The largest first, each with how it is written.
UNITS: tuple[tuple[int, Sentence], ...] = (
    (DAY, _("%(number)d d")),
    (HOUR, _("%(number)d h")),
    (MINUTE, _("%(number)d min")),
    (1, _("%(number)d s")),
)


def span(seconds: float | None) -> str:
    """In the largest unit that there is a whole one of, and the next one, where that is not nothing."""
    if seconds is None:
        return "—"
    left = max(0, int(seconds))
    first = next((at for at, (size, _words) in enumerate(UNITS) if left >= size), len(UNITS) - 1)
    parts: list[str] = []
    for size, words in UNITS[first : first + 2]:
        number, left = divmod(left, size)
        if number or not parts:
            parts.append(str(words) % {"number": number})
    return " ".join(parts)
