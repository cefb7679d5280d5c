"""Words for the shapes of JSON values: what one is about, an example, limits as JSON Schema names them. Endpoints use them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from rest_framework.serializers import CharField, Serializer, empty

from web.fields import EmailAddress, OneOf, PlainText, TrueOrFalse, WholeNumber
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


def moment(about: str, example: str = "2025-10-27T10:30:00Z") -> Schema:
    return text(f"{about} RFC 3339, UTC, to the second.", example, format="date-time", pattern=r"^[0-9T:-]{19}Z$")


def word(about: str, words: Collection[str], example: str = "") -> Schema:
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
    return {"type": "object", "properties": properties} | {key: said for key, said in more.items() if said}


class Noun:
    """A component that is an object: a subclass has its fields, and which of them are `optional`."""

    ref: ClassVar[Schema]
    fields: ClassVar[dict[str, Schema]] = {}
    optional: ClassVar[Collection[str]] = ()

    def __init_subclass__(cls, about: str = "") -> None:
        own = {name: field for name, field in vars(cls).items() if isinstance(field, dict) and not name.startswith("_")}
        cls.fields = cls.fields | own
        cls.ref = component(cls.__name__, thing(cls.fields, about, cls.optional))


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
    said = {"description": field.help_text} | ({} if field.default is empty else {"default": field.default})
    if isinstance(field, Serializer):
        return component(type(field).__name__, body_of(field, example)) | said
    schema = next(SHAPES[ancestor] for ancestor in type(field).__mro__ if ancestor in SHAPES)(field)
    return (
        (or_null(schema) if field.allow_null else schema) | said | ({} if example is None else {"examples": [example]})
    )


def by_action(
    name: str, body: ActionShape, example: Mapping[str, Any], about: Mapping[str, str], **more: Schema
) -> Schema:
    """What the ActionShape reads. `about` says what each action takes; where it is more than ids, `more` may stand beside."""
    fields, noun, kinds = body_of(body.fields, example)["properties"], body.noun, {}
    for action, takes in about.items():
        taken = {field: schema for field, schema in fields.items() if field in body.taken[action]}
        by_id = {} if body.needed[action] else {"anyOf": [{"required": [id]} for id in body.ids]}
        inner = thing(taken, takes, taken.keys() - {*body.needed[action]}) | by_id
        outer = {"action": always(action), noun: component(f"{noun.title()}To{action.title()}", inner)}
        beside = more if taken.keys() - {*body.ids} else {}
        kinds[action] = component(f"{name}{action.title()}", thing(outer | beside, optional=more))
    mapping = {action: kind["$ref"] for action, kind in kinds.items()}
    discriminator = {"propertyName": "action", "mapping": mapping}
    return component(name, {"oneOf": [*kinds.values()], "discriminator": discriminator})
