"""Words for shapes: one function a JSON type, so that a description reads like a table. Called by the files beside it.

Each takes what the value is about and an example of it; ranges and units are told where there are any.
"""

from typing import Any

Schema = dict[str, Any]


def ref(name: str, kind: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def whole(about: str, example: int, least: int | None = None, most: int | None = None) -> Schema:
    return ranged({"type": "integer", "description": about, "examples": [example]}, least, most)


def number(about: str, example: float, least: float | None = None, most: float | None = None) -> Schema:
    return ranged({"type": "number", "description": about, "examples": [example]}, least, most)


def ranged(schema: Schema, least: float | None, most: float | None) -> Schema:
    limits = {"minimum": least, "maximum": most}
    return schema | {name: limit for name, limit in limits.items() if limit is not None}


def text(about: str, example: str, longest: int | None = None, pattern: str = "", **more: Any) -> Schema:
    limits = {"maxLength": longest, "pattern": pattern} | more
    schema: Schema = {"type": "string", "description": about, "examples": [example]}
    return schema | {name: limit for name, limit in limits.items() if limit}


def moment(about: str, example: str = "2025-10-27T10:30:00Z") -> Schema:
    return text(f"{about} RFC 3339, UTC, to the second.", example, format="date-time", pattern=r"^[0-9T:-]{19}Z$")


def word(about: str, words: list[str], example: str = "") -> Schema:
    return {"type": "string", "enum": list(words), "description": about, "examples": [example or words[0]]}


def truth(about: str, example: bool = True) -> Schema:
    return {"type": "boolean", "description": about, "examples": [example]}


def always(value: Any, about: str = "") -> Schema:
    types = {str: "string", bool: "boolean"}
    return {"type": types[type(value)], "const": value} | ({"description": about} if about else {})


def many(items: Schema, about: str, **more: Any) -> Schema:
    return {"type": "array", "items": items, "description": about} | more


def or_null(schema: Schema) -> Schema:
    """The value, or null."""
    if "type" not in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return schema | {"type": [schema["type"], "null"]} | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def thing(properties: dict[str, Schema], about: str = "", optional: tuple[str, ...] = ()) -> Schema:
    """An object. What is not optional is always there."""
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {}) | ({"description": about} if about else {})


def by_id(values: Schema, about: str) -> Schema:
    """An object whose keys are ids, as text."""
    return {"type": "object", "additionalProperties": values, "description": about}


def success(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An answer that is not a refusal."""
    return thing({"status": always("success")} | properties, optional=optional)
