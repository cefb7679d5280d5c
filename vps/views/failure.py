"""The operation of a server that failed last, until its owner has put that away, and what helps. For the overview."""

from dataclasses import dataclass
from typing import Any

from vps.models import Notice, Operation, Vps
from vps.models.failures import AGAIN, BY_FORCE, advice_of, ways_out_of
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, verb_of
from vps.views.who import Asker, asker_of
from web.errors import Sentence


@dataclass(frozen=True)
class WayOut:
    """A verb that may help, and the words of its button here."""

    verb: Verb
    label: Sentence


@dataclass(frozen=True)
class Failure:
    notice: Notice
    operation: Operation
    title: Sentence
    advice: tuple[Sentence, ...]
    ways_out: list[WayOut]
    asker: Asker


def failure_of(vps: Vps, reader: Any) -> Failure | None:
    notice = vps.failed_notice
    if notice is None or notice.operation is None:
        return None
    operation, code = notice.operation, notice.operation.error_code
    verb, asker = verb_of(operation), asker_of(operation.requested_by, operation.source, reader)
    ways = [way for name in ways_out_of(code) if (way := way_out(name, verb))]
    return Failure(notice, operation, verb.failed, advice_of(code), ways, asker)


def way_out(name: str, failed: Verb) -> WayOut | None:
    if name == AGAIN:
        return WayOut(failed, failed.again)
    verb = VERBS.get(failed.by_force if name == BY_FORCE else name)
    return WayOut(verb, verb.label) if verb else None
