"""Words for the shapes of JSON values: what one is about, an example, limits as JSON Schema names them. Endpoints use them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from rest_framework.serializers import CharField, Serializer, empty

from web.fields import INT_MAX, EmailAddress, OneOf, PlainText, TrueOrFalse, WholeNumber
from web.shape import ActionShape

Schema = dict[str, Any]
# What has a name in the document.
COMPONENTS: dict[str, Schema] = {}
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


def ref(name: str, kind: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def component(name: str, schema: Schema) -> Schema:
    COMPONENTS[name] = schema
    return ref(name)


def value(type: str, about: str, example: Any, **limits: Any) -> Schema:
    return {"type": type, "description": about, "examples": [example]} | limits


whole, text, truth = (partial(value, type) for type in ("integer", "string", "boolean"))
row_id = partial(whole, minimum=1, maximum=INT_MAX)


def moment(about: str, example: str = "2025-10-27T10:30:00Z") -> Schema:
    return text(f"{about} RFC 3339, UTC, to the second.", example, format="date-time", pattern=r"^[0-9T:-]{19}Z$")


def one_of(about: str, words: Collection[str], example: str = "") -> Schema:
    return text(about, example or next(iter(words)), enum=list(words))


def always(word: str) -> Schema:
    return {"type": "string", "const": word}


def many(items: Schema, about: str, **limits: Any) -> Schema:
    return {"type": "array", "items": items, "description": about} | limits


def or_null(schema: Schema, is_shown: bool = True) -> Schema:
    """The value, or null: that alone stands in examples where the value is not shown."""
    either = schema | {"type": [schema["type"], "null"]} if "type" in schema else {"oneOf": [schema, {"type": "null"}]}
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return either | enum | ({} if is_shown else {"examples": [None, *schema.get("examples", [])]})


mostly_null = partial(or_null, is_shown=False)


def thing(properties: dict[str, Schema], about: str = "", optional: Iterable[str] = ()) -> Schema:
    """An object. What is not optional is always there."""
    required = [name for name in properties if name not in optional]
    more = {"required": required, "description": about}
    return {"type": "object", "properties": properties} | {key: value for key, value in more.items() if value}


def typed(shape: Any, **more: Schema) -> Schema:
    """An object as a TypedDict has it: its docstring, and what its keys are Annotated with. `more` is of the others."""
    hints = get_type_hints(shape, include_extras=True)
    # One of NotRequired has it within.
    notes = ((name, one) for name, hint in hints.items() for one in (hint, *get_args(hint)))
    schemas = {name: one.__metadata__[0] for name, one in notes if get_origin(one) is Annotated} | more
    return thing({name: schemas[name] for name in (*hints, *more)}, shape.__doc__, shape.__optional_keys__)


def example_of(schema: Schema) -> Any:
    """A value of this shape, made of the examples of its parts; what is optional is left out."""
    match schema:
        case {"$ref": name}:
            return example_of(COMPONENTS[name.rpartition("/")[2]])
        case {"const": only} | {"examples": [only, *_]}:
            return only
        case {"oneOf": [first, *_]}:
            return example_of(first)
        case {"items": items}:
            return [example_of(items)]
    return {name: example_of(schema["properties"][name]) for name in schema.get("required", [])}


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
