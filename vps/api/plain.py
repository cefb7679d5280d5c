"""Reads what comes by the thousand and has nothing odd about it, in a tenth of the time. For commands.py.

What is taken here is taken by the serializer too, and gives the same; what is not taken here is for the serializer to say.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

from rest_framework import serializers

from vps.api.fields import NODE, Address, NodeName
from web.fields import BLANK, OneOf, PlainText, TrueOrFalse, WholeNumber

Check = Callable[[Any], bool]
# As it is kept; IPv6 has many ways to be written.
OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = re.compile(rf"{OCTET}(\.{OCTET}){{3}}")
UNSEEN = BLANK | {" "}


class Plain:
    """Of a serializer's fields those that are `taken`, in its order; those that are `needed` must be there."""

    def __init__(self, serializer: Any, taken: Collection[str], needed: Collection[str] = ()) -> None:
        fields = [(name, field) for name, field in serializer.fields.items() if name in taken]
        self.checks = [(name, check_of(field)) for name, field in fields]
        self.needed = {*needed, *(name for name, field in fields if field.required)}

    def read(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """What the serializer makes of it; None where that may be something else, or a refusal."""
        found = {}
        for name, is_plain in self.checks:
            if name in given:
                value = found[name] = given[name]
                if not is_plain(value):
                    return None
        return found if found.keys() >= self.needed else None


def check_of(field: Any) -> Check:
    """By its type alone, and by none that it is derived from: that may be less strict."""
    kind = serializers.Serializer if isinstance(field, serializers.Serializer) else type(field)
    if kind not in CHECKS or field.validators or field.default is not serializers.empty:
        return never
    check = CHECKS[kind](field)
    return (lambda value: value is None or check(value)) if field.allow_null else check


def never(value: Any) -> bool:
    return False


def whole_number(field: WholeNumber) -> Check:
    least, most = field.least, field.most
    return lambda value: type(value) is int and least <= value <= most


def plain_text(field: PlainText) -> Check:
    """Python calls printable what is of no category in UNPRINTABLE, and of all spaces the common one. Where the first sign
    is seen, something is."""
    longest = field.longest
    if field.has_lines or field.may_be_empty:
        return never
    return lambda value: (
        type(value) is str and 0 < len(value) <= longest and value.isprintable() and value[0] not in UNSEEN
    )


def one_of(field: OneOf) -> Check:
    words = frozenset(field.words)
    return lambda value: type(value) is str and value in words


def fitting(pattern: re.Pattern[str]) -> Callable[[Any], Check]:
    return lambda field: lambda value: type(value) is str and pattern.fullmatch(value) is not None


def thing(serializer: serializers.Serializer[Any]) -> Check:
    """What is in it is kept as it came, so it must have nothing that the serializer would leave out or add."""
    if any(field.default is not serializers.empty for field in serializer.fields.values()):
        return never
    plain = Plain(serializer, serializer.fields.keys())
    return lambda value: type(value) is dict and plain.read(value) == value


CHECKS: dict[Any, Callable[[Any], Check]] = {
    WholeNumber: whole_number,
    PlainText: plain_text,
    NodeName: fitting(NODE),
    OneOf: one_of,
    TrueOrFalse: lambda field: lambda value: type(value) is bool,
    Address: fitting(IPV4),
    serializers.Serializer: thing,
}
