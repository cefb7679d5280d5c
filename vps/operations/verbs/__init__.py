"""VERBS: all that can be done with a server, by name, in the order in which buttons stand. Engine and doors loop over it.

Each file beside this one is a verb: a new one is found by being there.
"""

from importlib import import_module
from pkgutil import iter_modules

from vps.models import Operation
from vps.models.failures import AGAIN, BY_FORCE, ways_out_of
from vps.operations.verb import Verb

FILES = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]
FOUND: list[Verb] = [
    thing()
    for file in FILES
    for thing in vars(file).values()
    if isinstance(thing, type) and issubclass(thing, Verb) and thing.__module__ == file.__name__
]
VERBS: dict[str, Verb] = {verb.name: verb for verb in sorted(FOUND, key=lambda verb: verb.order)}
BY_KIND = {(verb.kind, verb.is_forced): verb for verb in VERBS.values()}


def verb_of(operation: Operation) -> Verb:
    """The verb that this row carries out."""
    return BY_KIND[Operation.Kind(operation.kind), operation.is_forced]


def ways_out_of_failure(operation: Operation) -> list[Verb]:
    """What may help after it failed, the least harmful first. Whether the server's state allows it is not looked at."""
    verb = verb_of(operation)
    names = {AGAIN: verb.name, BY_FORCE: verb.by_force}
    found = [names.get(way, way) for way in ways_out_of(operation.error_code)]
    return [VERBS[name] for name in dict.fromkeys(found) if name]


def variants_of(verb: Verb) -> dict[str, Verb]:
    """The verbs that the API asks for at this one's address, by the flag that asks for them."""
    return {other.flag: other for other in VERBS.values() if other.variant_of == verb.name}
