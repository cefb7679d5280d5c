"""A failure in the words of the description, and the failures that are of no door. `refusals` and `reusable` call it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    status: int
    code: str
    sentence: str
    is_waited_for: bool = False
    component: str = "Error"


# What web.json_body says of a body that it cannot read.
OF_BODIES = [
    Told(400, "invalid_json", "The body is not valid JSON."),
    Told(400, "invalid_utf8", "The body is not valid UTF-8."),
    Told(400, "invalid_text", "A text holds a NUL or half a character."),
    Told(400, "duplicate_key", "A key stands twice in one object."),
    Told(400, "not_finite", "NaN is not a JSON number."),
    Told(400, "too_deep", "The body is nested deeper than 16 levels."),
    Told(400, "too_many_values", "The body holds more values than the largest call has."),
]

# What is said to whoever comes too often.
TOO_MANY_ATTEMPTS = Told(429, "too_many_attempts", "Too many wrong secrets came from there.", is_waited_for=True)
TOO_MANY_OPERATIONS = Told(429, "too_many_operations", "Too much was asked in one minute.", is_waited_for=True)

# What may meet any request.
OF_ALL = [
    Told(400, "bad_request", "The request is malformed."),
    Told(401, "not_authenticated", "There is no token."),
    Told(401, "invalid_token", "The token is not valid, or has expired."),
    Told(401, "invalid_api_key", "The key is missing or wrong."),
    Told(404, "not_found", "There is nothing at this address."),
    Told(405, "method_not_allowed", "This address does not take this method."),
    Told(408, "request_timeout", "The body did not come in time."),
    Told(411, "length_required", "A body needs a Content-Length."),
    Told(413, "too_large", "The body is too large."),
    Told(415, "unsupported_media_type", "A body is application/json."),
    Told(415, "unsupported_charset", "A body is UTF-8."),
    Told(500, "internal_error", "Something went wrong on our side. Its X-Request-ID finds it in our log."),
    Told(503, "service_unavailable", "The panel is busy. It may be tried again.", is_waited_for=True),
]


def as_list(rows: list[Told]) -> str:
    return "\n".join(f"- {row.status} `{row.code}`: {row.sentence}" for row in rows)
