"""Who asked for something, and from where, in words for the owner of a server. For the pages beside it."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from vps.models import Event
from vps.models.who import STAFF, username_for
from web.errors import Sentence

Source = Event.Source
YOU = _("you")
CHANNELS: dict[str, Sentence] = {Source.PAGE: _("from the panel"), Source.API: _("through the API")}
# Where nobody is named.
UNNAMED: dict[str, Sentence] = {Source.SYNC: _("the main site"), Source.SYSTEM: _("the panel")}
OF_THE_STAFF = _("our staff")
ON_THE_MAIN_SITE = _("on the main site")


class Asker(NamedTuple):
    """`who` is "you", staff or a part of the system; `channel` is '' where it says no more."""

    who: Sentence
    channel: Sentence = ""

    def __str__(self) -> str:
        """you, from the panel"""
        return f"{self.who}, {self.channel}" if self.channel else str(self.who)


def asker_of(by: Any, source: str, reader: Any) -> Asker:
    """Nothing is said of other customers, such as who owned the server before."""
    name = username_for(reader, by, source)
    if by is not None and by == reader:
        return Asker(YOU, ON_THE_MAIN_SITE if source == Source.SYNC else CHANNELS.get(source, ""))
    if name == STAFF:
        return Asker(OF_THE_STAFF)
    return Asker(UNNAMED.get(source, "—"))
