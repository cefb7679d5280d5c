"""A row of the table: what is said of one door, that is a path and a method. Written in `doors`, read by `operation`."""

from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import APIException

from ospab_panel.openapi.shapes import Schema
from ospab_panel.openapi.told import Told
from web.errors import PanelError

Refusal = type[PanelError] | type[APIException]


@dataclass(frozen=True)
class Answer:
    """`shape` is the schema of a body. An example is the answer to the request that bears the same name in `asks`."""

    about: str
    shape: Schema
    examples: dict[str, Any] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True)
class Door:
    """`body` is a serializer, or a schema. `refusals` are the errors that the door's code raises, besides those of
    whoever may not call it and of bodies that cannot be read; `refused` is what an error's example carries more, by code.
    `limited` is said to who calls too often.
    """

    id: str
    tag: str
    summary: str
    answers: dict[int, Answer]
    refusals: tuple[Refusal, ...] = ()
    limited: tuple[Told, ...] = ()
    about: str = ""
    query: tuple[Schema, ...] = ()
    body: Any = None
    is_body_optional: bool = False
    asks: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)


def query(name: str, schema: Schema, default: Any = None) -> Schema:
    """A parameter of the address that may be left out."""
    limits = {key: value for key, value in schema.items() if key != "description"}
    given = {} if default is None else {"default": default}
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema["description"],
        "schema": limits | given,
    }
