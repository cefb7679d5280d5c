"""Words for the shapes of JSON values: what one is about, an example, limits as JSON Schema has them. For endpoints, models.

What serves no endpoint loads this too, so it loads no REST framework: `bodies` has what needs that.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from web.integers import INT_MAX

Schema = dict[str, Any]
# What has a name in the document.
COMPONENTS: dict[str, Schema] = {}


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
