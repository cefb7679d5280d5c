"""Which verbs a server's page offers in its state. For pages, of rows that came `with_state`."""

from vps.models import Vps
from vps.operations.request import is_possible, refusal
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, verb_of


def offered(vps: Vps) -> list[Verb]:
    """What to show. Behind an operation that hangs nobody is locked: it can be overtaken by force.

    Where `refusal` has a reason they are shown all the same, and cannot be pressed. A guest that was just bound, and not
    asked yet, is taken to be what the main site says. What the driver cannot do is not offered, and nothing is of a server
    that is bound to nothing, being created or suspended: what is to be done there is no button of power.
    """
    return [verb for verb in fitting(vps) if is_possible(vps, verb)]


def pressable(vps: Vps) -> list[Verb]:
    """Those of them that can be asked for now."""
    return [] if refusal(vps) else offered(vps)


def fitting(vps: Vps) -> list[Verb]:
    if vps.status in (Vps.Status.CREATING, Vps.Status.SUSPENDED) or not hasattr(vps, "placement"):
        return []
    if refusal(vps):
        return offered_when(vps.status)
    if operation := vps.open_operation:
        return [verb for verb in VERBS.values() if verb.may_overtake and not verb_of(operation).may_overtake]
    return offered_when(vps.shown.word) or offered_when(vps.status)


def offered_when(word: str) -> list[Verb]:
    return [verb for verb in VERBS.values() if word in verb.offered_when]
