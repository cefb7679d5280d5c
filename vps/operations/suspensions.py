"""What the panel itself asks for, for a suspension's sake: guests are stopped, and are given back the power that they had.

A task calls `enforce_suspensions` by the clock and at a bell, the sweeper where no worker does. Often is harmless, and so are
two at once: each VPS is locked, and looked at again, before anything is asked of it.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from vps.db import clock
from vps.models import Event, Operation, Suspension, Vps
from vps.operations.request import request
from web.compiled_query import CompiledRows
from web.errors import PanelError

log = logging.getLogger(__name__)

# A guest that comes up again is stopped again after these pauses, and so is what did not go down, or come up, started.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)
# So many a round; the others are in the next.
AT_ONCE = 500
# In seconds: three rounds that nobody has made.
NEGLECTED_S = 30.0


def first_of(found: Callable[[], Any]) -> CompiledRows:
    """Of what nearly every round finds none."""
    return CompiledRows(lambda: found().values_list("pk")[:AT_ONCE])


TO_NOTE, SETTLED = first_of(Suspension.objects.to_note), first_of(Suspension.objects.settled)
DUE = {"stop": Suspension.objects.to_stop, "start": Suspension.objects.to_start}
FIRST_DUE = {name: first_of(due) for name, due in DUE.items()}


def enforce_suspensions() -> int:
    """Returns how many operations were asked for."""
    if not Suspension.objects.exists():
        return 0
    for_each(TO_NOTE, Suspension.objects.note_power)
    for_each(SETTLED, forget)
    return sum(ask(id, name) for name, found in FIRST_DUE.items() for (id,) in found.all())


def are_suspensions_neglected() -> bool:
    return any(found.exists() for found in Suspension.objects.neglected(NEGLECTED_S))


def for_each(found: CompiledRows, write: Callable[[list[int]], Any]) -> None:
    """Whose VPS somebody else has locked is left to the next round. `write` looks again at those that are locked."""
    if ids := [id for (id,) in found.all()]:
        with transaction.atomic():
            write([vps.pk for vps in Vps.objects.locked(ids, free_ones=True)])


def forget(vps_ids: list[int]) -> None:
    """By what stands there now."""
    Suspension.objects.filter(pk__in=Suspension.objects.settled().filter(pk__in=vps_ids).values("pk")).delete()


@transaction.atomic
def ask(vps_id: int, name: str) -> bool:
    """Ask for it, unless that is due no more. What is refused is asked for again later."""
    vpses = Vps.objects.locked([vps_id], free_ones=True)
    suspension = DUE[name]().filter(pk=vps_id).first() if vpses else None
    if suspension is None:
        return False
    reschedule(suspension)
    try:
        operation = request(vpses[0], name, by=None, source=Event.Source.SYSTEM)
    except PanelError as error:
        log.info("VPS %s was not asked to %s: %s", vps_id, name, error.code)
        return False
    if operation.kind == Operation.Kind.STOP:
        Suspension.objects.note_power([vps_id])
        Suspension.objects.filter(pk=vps_id).update(has_stopped=True)
    return True


def reschedule(suspension: Suspension) -> None:
    """The next try comes after a pause that doubles, and is short again once it has been over for a while."""
    now = clock.now()
    tries = 0 if suspension.next_try_at < now - LONGEST_PAUSE else suspension.tries
    pause = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    Suspension.objects.filter(pk=suspension.pk).update(tries=tries + 1, next_try_at=now + pause)
