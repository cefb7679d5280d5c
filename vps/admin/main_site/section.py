"""What a section of the page is, and the time that the reader looks at. For the files beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models.functions import TruncDay, TruncHour
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from web.errors import Sentence


@dataclass(frozen=True)
class Section:
    """`facts` gives what `template` shows as `facts`, to this reader now; None shows nothing."""

    title: Sentence
    template: str
    facts: Callable[[HttpRequest], dict[str, Any] | None]


@dataclass(frozen=True)
class Window:
    """The last `count` periods, the one that has begun among them. `label` is a format of strftime, in UTC."""

    title: Sentence
    trunc: Callable[..., Any]
    step: timedelta
    count: int
    label: str

    def periods(self) -> list[datetime]:
        now = timezone.now().astimezone(UTC)
        last = now.replace(minute=0, second=0, microsecond=0)
        if self.step >= timedelta(days=1):
            last = last.replace(hour=0)
        return [last - self.step * back for back in reversed(range(self.count))]


WINDOWS = {
    "hours": Window(_("Last 24 hours"), TruncHour, timedelta(hours=1), 24, "%H:%M"),
    "days": Window(_("Last 30 days"), TruncDay, timedelta(days=1), 30, "%d.%m."),
}


def chosen(request: HttpRequest) -> str:
    """A key of WINDOWS."""
    name = request.GET.get("by", "")
    return name if name in WINDOWS else "hours"
