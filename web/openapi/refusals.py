"""What endpoints refuse, taken from the errors: their status, code and sentence. Whoever describes an endpoint calls it."""

from dataclasses import dataclass
from functools import partial

from web.error_responses import body
from web.errors import PanelError, Sentence
from web.openapi.shapes import Schema, always, component, example_of, ref, text, thing


@dataclass(frozen=True)
class Refusal:
    """One that `is_shown` has an example. `shape` is of an answer that carries more than others'."""

    status: int
    code: str
    sentence: Sentence
    is_waited_for: bool = False
    is_shown: bool = False
    shape: Schema | None = None


# Sentences that are made anew each time.
SENTENCES = {
    "missing_fields": "Missing required fields: name, cpu",
    "invalid": "Invalid request: limit: Must be a whole number.",
}
# What web.json_body says of a body that it cannot read.
OF_BODIES = [
    Refusal(400, "invalid_json", "The body is not valid JSON."),
    Refusal(400, "invalid_utf8", "The body is not valid UTF-8."),
    Refusal(400, "invalid_text", "A text holds a NUL or half a character."),
    Refusal(400, "duplicate_key", "A key stands twice in one object."),
    Refusal(400, "not_finite", "NaN is not a JSON number."),
    Refusal(400, "too_deep", "The body is nested deeper than 16 levels."),
    Refusal(400, "too_many_values", "The body holds more values than the largest call has."),
]
NO_TOKEN = Refusal(401, "not_authenticated", "Authentication credentials were not provided.", is_shown=True)
# What may meet any request; an app that knows callers adds how these are refused.
OF_ALL = [
    Refusal(400, "bad_request", "The request is malformed."),
    NO_TOKEN,
    Refusal(404, "not_found", "There is nothing at this address."),
    Refusal(405, "method_not_allowed", "This address does not take this method."),
    Refusal(408, "request_timeout", "The body did not come in time."),
    Refusal(411, "length_required", "A body needs a Content-Length."),
    Refusal(413, "too_large", "The body is too large."),
    Refusal(415, "unsupported_media_type", "A body is application/json."),
    Refusal(415, "unsupported_charset", "A body is UTF-8."),
    Refusal(500, "internal_error", "Something went wrong on our side. Its X-Request-ID finds it in our log."),
    Refusal(503, "service_unavailable", "The panel is busy. It may be tried again.", is_waited_for=True),
]


ERROR_FIELDS = {
    "status": always("error"),
    "message": text("What a person can act on. It may be worded anew: decide by `code`.", "There is nothing here."),
    "code": text("A stable word for programs.", "not_found", pattern="^[a-z0-9_]+$"),
    "errors": {
        "type": "object",
        "description": "What is wrong with which field, by its path in the body or its name in the address.",
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "examples": [{"limit": ["Must be a whole number."]}],
    },
}
failure = partial(thing, optional=["errors"])
ERROR = component("Error", failure(ERROR_FIELDS, "Every failure of the API looks like this, whatever raised it."))


def refusal(error: type[PanelError] | Refusal, name: str = "", is_shown: bool = True, **more: Schema) -> Refusal:
    """One that only many calls come to is not shown. One whose answer says `more` has a component of this name."""
    if isinstance(error, Refusal):
        return error
    shape = component(name, failure(ERROR_FIELDS | {"code": always(error.code)} | more)) if more else None
    sentence = SENTENCES.get(error.code, error.message)
    return Refusal(error.status, error.code, sentence, bool(error.retry_after), is_shown, shape)


def responses(rows: list[Refusal]) -> dict[str, Schema]:
    """One a status, with what else of this status may meet any request."""
    statuses = sorted({row.status for row in rows})
    rows = rows + [row for row in OF_ALL if row.status != 401 and row.status in statuses]
    return {str(status): response([row for row in rows if row.status == status]) for status in statuses}


def response(rows: list[Refusal]) -> Schema:
    """Error with one of these codes, or what carries more."""
    codes = [row.code for row in rows if not row.shape]
    plain = {"allOf": [ERROR, {"type": "object", "properties": {"code": {"enum": codes}}}]}
    carriers = [row.shape for row in rows if row.shape]
    schema = {"oneOf": [*carriers, *([plain] if codes else [])]} if carriers else plain
    shown = {row.code: example_of(row.shape or {}) | body(row.code, str(row.sentence)) for row in rows if row.is_shown}
    headers = ["X-Request-ID", *(["Retry-After"] if any(row.is_waited_for for row in rows) else [])]
    return answered("\n".join(f"- {row.status} `{row.code}`: {row.sentence}" for row in rows), headers, schema, shown)


def answered(
    about: str, headers: list[str], schema: Schema, values: Schema, media_type: str = "application/json"
) -> Schema:
    shown = {"examples": {name: {"value": value} for name, value in values.items()}} if values else {}
    content = {media_type: {"schema": schema} | shown}
    return {"description": about, "headers": {name: ref(name, "headers") for name in headers}, "content": content}
