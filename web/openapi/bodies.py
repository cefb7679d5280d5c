"""The shapes of bodies, taken from the serializers that check them. Endpoints use them."""

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


def body_of(serializer: Serializer[Any], example: Mapping[str, Any]) -> Schema:
    properties = {name: field_of(field, example.get(name)) for name, field in serializer.fields.items()}
    return thing(properties, optional=[name for name, field in serializer.fields.items() if not field.required])


def field_of(field: Any, example: Any) -> Schema:
    more = {"description": field.help_text} | ({} if field.default is empty else {"default": field.default})
    if isinstance(field, Serializer):
        inner = component(type(field).__name__, body_of(field, example))
        return (or_null(inner) if field.allow_null else inner) | more
    schema = next(SHAPES[ancestor] for ancestor in type(field).__mro__ if ancestor in SHAPES)(field)
    return (
        (or_null(schema) if field.allow_null else schema) | more | ({} if example is None else {"examples": [example]})
    )


def by_action(name: str, body: ActionShape, example: Mapping[str, Any], new: str, **more: Schema) -> Schema:
    """What the ActionShape reads. `new` is about what an action makes; where it takes more than ids, `more` may be beside."""
    fields, noun, kinds = body_of(body.fields, example)["properties"], body.noun, {}
    which = "Which one, by " + " or ".join(f"`{id}`" for id in body.ids)
    for action, needed in body.needed.items():
        taken = {field: schema for field, schema in fields.items() if field in body.taken[action]}
        is_change = bool(taken.keys() - {*body.ids})
        about = new if needed else which + (", and at least one field more." if is_change else ".")
        by_id = {} if needed else {"anyOf": [{"required": [id]} for id in body.ids]}
        inner = thing(taken, about, taken.keys() - {*needed}) | by_id
        outer = {"action": always(action), noun: component(f"{noun.title()}To{action.title()}", inner)}
        beside = more if is_change else {}
        kinds[action] = component(f"{name}{action.title()}", thing(outer | beside, optional=more))
    mapping = {action: kind["$ref"] for action, kind in kinds.items()}
    discriminator = {"propertyName": "action", "mapping": mapping}
    return component(name, {"oneOf": [*kinds.values()], "discriminator": discriminator})
