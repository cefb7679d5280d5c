"""The shape of a body, checked before anything is done: objects, required keys, fields, unknown keys, times.

Endpoints call it. What is wrong raises MissingFields or InvalidInput, which name each field by its path in the body.
"""

import re
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from rest_framework import serializers

from web.errors import MissingFields, invalid

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class ActionShape:
    """{"action": …, "<noun>": {…}}: what is to become of one thing.

    `needed` and `taken` have, for each action, the keys of the noun that it cannot do without and those that it may come
    with. An action that needs none in particular needs one of `ids`, and where it takes more than these, one field more.
    `beside` are keys that may stand beside the noun.
    """

    noun: str
    fields: serializers.Serializer[Any]
    needed: Mapping[str, Collection[str]]
    taken: Mapping[str, set[str]]
    ids: Collection[str]
    beside: Collection[str] = ()

    def read(self, body: Any) -> tuple[str, dict[str, Any]]:
        """The action, and the noun's keys that it takes, each checked."""
        action, given = self.parts(body)
        known = {name: value for name, value in given.items() if name in self.taken[action]}
        try:
            found = dict(self.fields.run_validation(known))
        except serializers.ValidationError as error:
            raise invalid({self.noun: error.detail}) from error
        if not self.needed[action] and len(found) == 1 and self.taken[action] > {*self.ids}:
            raise self.no_change(action, given)
        return action, found

    def parts(self, body: Any) -> tuple[str, dict[str, Any]]:
        refuse_no_object(body)
        refuse_missing([key for key in ("action", self.noun) if body.get(key) is None])
        action, given = body["action"], body[self.noun]
        if not isinstance(action, str) or action not in self.needed:
            raise invalid({"action": f"Must be one of: {', '.join(self.needed)}."})
        if not isinstance(given, dict):
            raise invalid({self.noun: "Must be an object."})
        refuse_missing([key for key in self.needed[action] if given.get(key) is None], f"{self.noun}.")
        if not self.needed[action] and all(given.get(key) is None for key in self.ids):
            either = f"{' or '.join(self.ids)} is required."
            raise missing(" or ".join(self.ids), [f"{self.noun}.{key}" for key in self.ids], either)
        return action, given

    def no_change(self, action: str, given: dict[str, Any]) -> MissingFields:
        """Of what says which one is to change, and nothing more that is known."""
        beside = f"at least one field to update beside {' or '.join(self.ids)}"
        unknown = ", ".join(key for key in given if key not in self.taken[action])
        known = ", ".join(name for name, _ in self.fields.fields.items() if name in self.taken[action] - {*self.ids})
        what = f"{beside}; unknown: {unknown}" if unknown else beside
        return missing(what, [self.noun], f"At least one of these is required: {known}.")

    def warnings(self, body: dict[str, Any]) -> list[str]:
        """What of a body that was read is not known, and was ignored."""
        given, taken = body[self.noun], self.taken[body["action"]]
        return unknown_keys(body, self.known) + unknown_keys(given, taken, f"{self.noun}.")

    @cached_property
    def known(self) -> set[str]:
        return {"action", self.noun, *self.beside}


def refuse_no_object(body: Any) -> None:
    if not isinstance(body, dict):
        raise invalid({"body": "Must be a JSON object."})


def refuse_missing(names: list[str], prefix: str = "") -> None:
    if names:
        raise missing(", ".join(names), [f"{prefix}{name}" for name in names])


def missing(what: str, fields: Collection[str], sentence: str = "This field is required.") -> MissingFields:
    errors = {field: [sentence] for field in fields}
    return MissingFields(f"Missing required fields: {what}", errors=errors)


def unknown_keys(given: dict[str, Any], known: Set[str], prefix: str = "") -> list[str]:
    """A warning for each key that the contract does not know, and that was ignored."""
    return (
        [] if given.keys() <= known else [f"Unknown field ignored: {prefix}{key}" for key in given if key not in known]
    )


def moment(field: str, value: Any) -> datetime:
    """A time with its offset, as RFC 3339 has it, in UTC: offsets that Python knows are more than PostgreSQL takes."""
    try:
        if isinstance(value, str) and RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid({field: "Must be a time such as 2025-10-27T10:30:00Z."})
