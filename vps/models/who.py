"""Who did something, as a customer sees it. For the shapes of events and operations, and for the pages."""

from typing import Any

from accounts.models import User
from vps.models.event import Event

STAFF = "staff"


def username_for(reader: Any, by: User | None, source: str) -> str | None:
    """One's own name, "staff" for any of the staff, and nothing of other customers, such as who owned the server before.

    What came from the admin is the staff's, whatever has become of whoever it was.
    """
    if by is not None and by == reader:
        return by.username
    is_staffs = source == Event.Source.ADMIN or (by is not None and by.is_of_the_staff)
    return STAFF if is_staffs else None
