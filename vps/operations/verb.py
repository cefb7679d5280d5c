"""The shape of a verb: all that the engine and the doors need to know of one kind of operation. verbs/ has one a file."""

from collections.abc import Set
from datetime import timedelta
from typing import Any, ClassVar

from rest_framework.serializers import Serializer

from vps.hypervisor.base import Command, Power
from vps.models import Operation
from web.errors import Sentence


class Verb:
    """`name` is its word in addresses, and unique; `kind` is the word in the API, in events and in the database.

    Of the engine: the `command` that a driver is given, the power that is its `goal`, and its `deadline`, which counts
    all of it, waiting for a lock or an unreachable host included. `may_overtake` ends an open operation in its place.

    Of the doors: its `label`, the `warning` before it is asked for (`asks_first`: on the admin's list too), the sentence
    of the answer (`requested`), and its button's `icon` and `colour`, which fills it where it `stands_out`.
    `offered_when` are the words of `Shown` under which the button stands on a page, by `order`. `permission` is the
    admin's.

    Of the API: it is asked for at /api/vps/{id}/<name>, with `params` as the body, `summary` and `about` describe that.
    A variant has no address: it is asked for at that of the verb `variant_of`, with `flag` among the params set.
    """

    name: ClassVar[str]
    order: ClassVar[int]
    kind: ClassVar[Operation.Kind]
    is_forced: ClassVar[bool] = False
    command: ClassVar[Command]
    goal: ClassVar[Power]
    deadline: ClassVar[timedelta]
    may_overtake: ClassVar[bool] = False

    label: ClassVar[Sentence]
    warning: ClassVar[Sentence]
    requested: ClassVar[Sentence]
    asks_first: ClassVar[bool] = False
    icon: ClassVar[str]
    colour: ClassVar[str]
    stands_out: ClassVar[bool] = False
    offered_when: ClassVar[Set[str]]
    permission: ClassVar[str] = "change"

    summary: ClassVar[str] = ""
    about: ClassVar[str] = ""
    params: ClassVar[type[Serializer[Any]] | None] = None
    variant_of: ClassVar[str] = ""
    flag: ClassVar[str] = ""
