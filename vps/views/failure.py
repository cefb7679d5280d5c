"""The operation of a server that failed last, until its owner has put that away, and what helps. For the overview."""

from dataclasses import dataclass
from typing import Any

from vps.models import Notice, Operation, Vps
from vps.models.failures import advice_of, is_for_support
from vps.operations.verbs import verb_of
from vps.views.who import Asker, asker_of
from web.errors import Sentence


@dataclass(frozen=True)
class Failure:
    notice: Notice
    operation: Operation
    title: Sentence
    advice: tuple[Sentence, ...]
    asker: Asker
    is_for_support: bool


def failure_of(vps: Vps, reader: Any) -> Failure | None:
    notice = vps.failed_notice
    if notice is None or notice.operation is None:
        return None
    operation, code = notice.operation, notice.operation.error_code
    asker = asker_of(operation.requested_by, operation.source, reader)
    return Failure(notice, operation, verb_of(operation).failed, advice_of(code), asker, is_for_support(code))
