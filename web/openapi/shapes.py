"""Words for the shapes of JSON values, and objects that have a name in the document. Whoever describes an endpoint calls it.

Each takes what the value is about, an example of it, and limits by JSON Schema's own words.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, ClassVar

Schema = dict[str, Any]
COMPONENTS: dict[str, Schema] = {}


def ref(name: str, kind: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def component(name: str, schema: Schema) -> Schema:
    """Gives the schema a name. Returns the reference to it."""
    COMPONENTS[name] = schema
    return ref(name)


def value(type: str, about: str, example: Any, **limits: Any) -> Schema:
    return {"type": type, "description": about, "examples": [example]} | limits


whole, number, text, truth = (partial(value, type) for type in ("integer", "number", "string", "boolean"))


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
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {}) | ({"description": about} if about else {})


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
