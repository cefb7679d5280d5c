"""What doors share: headers, and how any failure looks that is not told of one door. `operation` and `generator` call it."""

from ospab_panel.openapi.shapes import Schema, always, ref, text, thing
from ospab_panel.openapi.told import OF_ALL, as_list
from web.request_id import ACCEPTED

NAME = {"type": "string", "pattern": f"^{ACCEPTED.pattern}$", "examples": ["order-1042"]}
KEY = {
    "type": "string",
    "minLength": 1,
    "maxLength": 257,
    "pattern": r"^[\x21-\x7e]+$",
    "examples": ["order-1042-create"],
}

PARAMETERS: dict[str, Schema] = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "Your own name of this request, for the logs of both sides. The answer carries it, or else a new one.",
        "schema": NAME,
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Your own name of what is asked for, such as a UUID. Sent again with the same body it is not done again: the "
            "first 2xx answer is given once more, byte for byte, for 48 hours and longer. Refusals are not kept. "
            "Double quotes around it do not count."
        ),
        "schema": KEY,
    },
}
HEADERS: dict[str, Schema] = {
    "X-Request-ID": {"description": "The name of this request in our logs.", "required": True, "schema": NAME},
    "Idempotency-Replayed": {
        "description": "This is the answer to an earlier request with this Idempotency-Key, and nothing was done.",
        "schema": always("true"),
    },
    "Retry-After": {
        "description": "After how many seconds it is worth another try.",
        "schema": {"type": "integer", "minimum": 1, "examples": [10]},
    },
}

ERROR = thing(
    {
        "status": always("error"),
        "message": text(
            "A sentence that a person can act on. It may be worded anew: decide by `code`.", "There is no VPS 99."
        ),
        "code": text("A stable word for programs.", "vps_not_found", pattern="^[a-z0-9_]+$"),
        "errors": {
            "type": "object",
            "description": "What is wrong with which field, by its path in the body or its name in the address.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "examples": [{"vps.cpu": ["Must be from 1 to 1024."]}],
        },
    },
    "Every failure of the API looks like this, whatever raised it.",
    optional=("errors",),
)

FAILURE: Schema = {
    "description": f"Any other failure.\n\n{as_list(OF_ALL)}",
    "headers": {name: ref(name, "headers") for name in ("X-Request-ID", "Retry-After")},
    "content": {"application/json": {"schema": ref("Error")}},
}
