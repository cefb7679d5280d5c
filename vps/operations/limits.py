"""A customer asks for a power operation, so often only. The customers' doors call it; staff and the main site are not counted.

What may overtake has a count of its own: whoever has pressed too often can still cut the power.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vps.errors import TooManyOperations
from vps.models import Operation, Vps
from vps.operations.request import request
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS
from web.errors import PanelError
from web.limits import MINUTE, Count, Limit, spend

#                   what, and by whom it is counted     most  per
OF_SERVER = Limit("operations, server", 60, MINUTE)
OVERTAKING_OF_SERVER = Limit("forced stops, server", 60, MINUTE)
# And one for each server: who has five hundred may start them all.
OF_ACCOUNT = Limit("operations, account", 60, MINUTE)


def ask(vps: Vps, name: str, *, by: Any, source: str, params: dict[str, Any] | None = None) -> Operation:
    """As `request`, and raises TooManyOperations. What is refused for another reason was asked too."""
    if full := spend(*counts_of(vps, VERBS[name], by)):
        raise TooManyOperations(retry_after=full.retry_after)
    return request(vps, name, by=by, source=source, params=params)


def ask_each(vpses: Iterable[Vps], name: str, *, by: Any, source: str) -> list[tuple[Vps, PanelError | None]]:
    """As `ask` of each by itself, with why it was refused, or None: what one is refused is done to the others all the same."""
    return [(vps, refusal_of(vps, name, by=by, source=source)) for vps in vpses]


def refusal_of(vps: Vps, name: str, *, by: Any, source: str) -> PanelError | None:
    try:
        ask(vps, name, by=by, source=source)
    except PanelError as error:
        return error
    return None


def counts_of(vps: Vps, verb: Verb, by: Any) -> list[Count]:
    if verb.may_overtake:
        return [Count(OVERTAKING_OF_SERVER, f"vps {vps.pk}")]
    most = OF_ACCOUNT.most + Vps.objects.filter(user=by).count()
    return [Count(OF_SERVER, f"vps {vps.pk}"), Count(replace(OF_ACCOUNT, most=most), f"user {by.pk}")]
