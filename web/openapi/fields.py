"""The shapes of what serializers check, taken from their fields and help texts. Whoever describes a body calls it."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.serializers import CharField, Serializer, empty

from web.fields import EmailAddress, OneOf, PlainText, TrueOrFalse, WholeNumber
from web.openapi.shapes import Schema, always, component, or_null, thing
from web.shape import ActionShape

# By the class of the field; an app that has fields of its own adds them.
SHAPES: dict[Any, Callable[[Any], Schema]] = {
    CharField: lambda field: {"type": "string", "maxLength": field.max_length},
    WholeNumber: lambda field: {"type": "integer", "minimum": field.least, "maximum": field.most},
    PlainText: lambda field: {
        "type": "string",
        "minLength": 0 if field.may_be_empty else 1,
        "maxLength": field.longest,
    },
    EmailAddress: lambda field: SHAPES[PlainText](field) | {"format": "email"},
    OneOf: lambda field: {"type": "string", "enum": list(field.words)},
    TrueOrFalse: lambda field: {"type": "boolean"},
}


def fields_of(serializer: Serializer[Any], example: Mapping[str, Any]) -> dict[str, Schema]:
    return {name: shape(field, [example[name]] if name in example else []) for name, field in serializer.fields.items()}


def shape(field: Any, examples: list[Any]) -> Schema:
    schema = next(SHAPES[ancestor] for ancestor in type(field).__mro__ if ancestor in SHAPES)(field)
    default = {} if field.default is empty else {"default": field.default}
    said = {"description": field.help_text} | default | ({"examples": examples} if examples else {})
    return (or_null(schema) if field.allow_null else schema) | said


def body_of(serializer: Serializer[Any], example: Mapping[str, Any]) -> Schema:
    optional = [name for name, field in serializer.fields.items() if not field.required]
    return thing(fields_of(serializer, example), optional=optional)


def by_action(
    name: str, body: ActionShape, example: Mapping[str, Any], actions: Mapping[str, str], **beside: Schema
) -> Schema:
    """What the ActionShape reads: `actions` says of each what it takes, and more than ids may have others `beside` them."""
    fields, noun, kinds = fields_of(body.fields, example), body.noun, {}
    for action, takes in actions.items():
        taken = {field: schema for field, schema in fields.items() if field in body.taken[action]}
        needed, more = body.needed[action], beside if taken.keys() - {*body.ids} else {}
        by_id = {} if needed else {"anyOf": [{"required": [id]} for id in body.ids]}
        inner = component(f"{noun.title()}To{action.title()}", thing(taken, takes, {*taken} - {*needed}) | by_id)
        outer = thing({"action": always(action), noun: inner} | more, optional=more)
        kinds[action] = component(f"{name}{action.title()}", outer)
    mapping = {action: kind["$ref"] for action, kind in kinds.items()}
    discriminator = {"propertyName": "action", "mapping": mapping}
    return component(name, {"oneOf": [*kinds.values()], "discriminator": discriminator})
