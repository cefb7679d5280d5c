"""How a moment is written: in every answer, for both apps' public shapes, and in words, for the staff's doors."""

from datetime import UTC, datetime
from typing import overload

IN_UTC = "+00:00"


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: None) -> None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z, to the second: 2025-10-27T10:30:00Z."""
    if moment is None:
        return None
    text = moment.isoformat(timespec="seconds")
    if not text.endswith(IN_UTC):
        text = moment.astimezone(UTC).isoformat(timespec="seconds")
    return f"{text[: -len(IN_UTC)]}Z"


def in_utc(moment: datetime) -> str:
    """For people: 2025-10-27 10:30 UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
