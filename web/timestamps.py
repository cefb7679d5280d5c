"""How a moment is written: in every answer, for both apps' public shapes, and in words, for the staff's doors."""

from datetime import UTC, datetime
from typing import overload


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: None) -> None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z, to the second: 2025-10-27T10:30:00Z."""
    return None if moment is None else f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def in_utc(moment: datetime) -> str:
    """For people: 2025-10-27 10:30 UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
