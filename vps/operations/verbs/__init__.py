"""VERBS: all that can be done with a server, by name, in the order in which buttons stand. Engine and doors loop over it."""

from vps.models import Operation
from vps.operations.verb import Verb
from vps.operations.verbs.force_stop import ForceStop
from vps.operations.verbs.reboot import Reboot
from vps.operations.verbs.restart import Restart
from vps.operations.verbs.start import Start
from vps.operations.verbs.stop import Stop

VERBS: dict[str, Verb] = {verb.name: verb for verb in (Start(), Reboot(), Stop(), Restart(), ForceStop())}
BY_KIND = {(verb.kind, verb.is_forced): verb for verb in VERBS.values()}


def verb_of(operation: Operation) -> Verb:
    """The verb that this row carries out."""
    return BY_KIND[Operation.Kind(operation.kind), operation.is_forced]
