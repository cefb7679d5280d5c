"""What a notice says, in the reader's language: for pages now, and for whatever else tells of it. A row has no words."""

from django.utils.translation import gettext as _

from vps.models import Notice, Operation
from vps.operations.verb import Verb
from vps.operations.verbs import BY_KIND
from web.time_spans import span


def verb_of(notice: Notice) -> Verb:
    """What was asked for. Of a deletion nobody asks."""
    return BY_KIND[Operation.Kind(notice.kind), notice.is_forced]


def title_of(notice: Notice) -> str:
    """The server's name, what was asked for, and what became of it."""
    if notice.outcome == Notice.Outcome.DELETED:
        return _("The server %(name)s was deleted") % {"name": notice.vps_name}
    verb = verb_of(notice)
    if notice.outcome == Notice.Outcome.DONE:
        return str(verb.done) % {"name": notice.vps_name, "time": span(seconds_of(notice))}
    what = str(verb.failed if notice.outcome == Notice.Outcome.FAILED else verb.noun)
    return f"{notice.vps_name}: {what[:1].lower()}{what[1:]}"


def seconds_of(notice: Notice) -> float | None:
    operation = notice.operation
    return (notice.created_at - operation.created_at).total_seconds() if operation else None
