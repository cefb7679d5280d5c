"""`@endpoint`, above `@api_view`: what it is called, takes, answers and refuses. Every module that has endpoints calls it.

drf-spectacular's `extend_schema` brings it to `EndpointSchema`, its DEFAULT_SCHEMA_CLASS, which adds what is so of all:
who may call and how they are refused, Idempotency-Key, X-Request-ID, and bodies that cannot be read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from web.errors import InvalidInput, PanelError
from web.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress
from web.integers import INT_MAX
from web.openapi.refusals import OF_BODIES, Refusal, answered, refusal, responses
from web.openapi.shapes import Schema, always, example_of, ref, row_id, text, thing, whole
from web.query import refuse_unknown

SUCCESS = always("success")
OF_PARAMETERS = refusal(InvalidInput, is_shown=False)
OF_KEYS = [refusal(one, is_shown=False) for one in (InvalidIdempotencyKey, RequestInProgress, IdempotencyKeyReused)]
# Of each class of authenticators what it takes, and how it refuses who comes without. Whoever has the classes adds them.
CALLERS: dict[Any, tuple[dict[str, Schema], list[Refusal]]] = {}


@dataclass(frozen=True)
class Answer:
    """An example has the body that is `sent`, and in what its answer differs from what the shape gives, or that `of` it."""

    shape: Schema
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    status: int = 200
    about: str = "It is done."
    media_type: str = "application/json"

    def described(self, headers: list[str]) -> Schema:
        values = {}
        for name, example in self.examples.items():
            more = {key: value for key, value in example.items() if key not in ("sent", "of")}
            values[name] = example_of(example.get("of", self.shape)) | more
        return answered(self.about, headers, self.shape, values, self.media_type)


def success(*examples: str, **properties: Schema) -> Answer:
    return Answer(thing({"status": SUCCESS} | properties), {name: {} for name in examples})


def endpoint(tag: str, id: str, *given: Answer | type[PanelError] | Refusal, **more: Any) -> Callable[[Any], Any]:
    """`given` are its answers and the errors that its own code raises: examples show each. `more` is extend_schema's.

    The endpoint's docstring is for its callers: a line that sums it up, and what more they need to know. It refuses every
    parameter of the address that its description does not have.
    """
    describe = extend_schema(operation_id=id, tags=[tag], responses=given, **({"request": None} | more))
    known = [one["name"] for one in more.get("parameters", ()) if one["in"] == "query"]

    def above(view: Any) -> Any:
        for method in more.get("methods", ["GET", "POST"]):
            if handler := getattr(view.cls, method.lower(), None):
                setattr(view.cls, method.lower(), taking_alone(known, handler))
        return describe(view)

    return above


def taking_alone(known: Collection[str], handler: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handler)
    def checked(view: Any, request: Request, **kwargs: Any) -> Response:
        refuse_unknown(request, known)
        return handler(view, request, **kwargs)

    return checked


def query(name: str, schema: Schema, **default: Any) -> Schema:
    """A parameter of the address that may be left out."""
    shape = {key: limit for key, limit in schema.items() if key != "description"} | default
    return {"name": name, "in": "query", "required": False, "description": schema["description"], "schema": shape}


def of_path(name: str, schema: Schema) -> Schema:
    return query(name, schema) | {"in": "path", "required": True}


ABOUT_TEXT = "Your own id, percent-encoded as UTF-8: a slash is `%2F`."
NAMES = {
    "id": of_path("id", row_id("As an answer has it.", 17)),
    "external_id": of_path("external_id", text(ABOUT_TEXT, "order-1042", minLength=1, maxLength=191)),
}


def page(key: str, limit: int, most: int, largest: int = INT_MAX, **start: int) -> list[Schema]:
    """The parameters that web.query reads: which page of a list."""
    after = query(key, whole("The last id that was seen.", 0, minimum=0, maximum=largest), **start)
    return [after, query("limit", whole("How many at most.", 100, minimum=1, maximum=most), default=limit)]


def callers_of(authenticators: type) -> tuple[dict[str, Schema], list[Refusal]]:
    """Of the class itself or of what it comes from."""
    return next(CALLERS[one] for one in authenticators.__mro__ if one in CALLERS)


class EndpointSchema(AutoSchema):
    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema:
        """Raises LookupError where no @endpoint stands above it."""
        self.method = method
        summary, _, about = str(self.get_description()).partition("\n\n")
        if not (summary and isinstance(self.get_response_serializers(), tuple)):
            raise LookupError(f"No @endpoint and docstring describe {method} {path}.")
        callers = [callers_of(type(one)) for one in self.view.get_authenticators()]
        security: list[Schema] = [{name: []} for schemes, _ in callers for name in schemes]
        is_repeatable = method == "POST" and bool(security)
        headers = ["IdempotencyKey", "RequestId"] if is_repeatable else ["RequestId"]
        ids = [parameter for name, parameter in NAMES.items() if f"{{{name}}}" in path]
        operation = {
            "operationId": self.get_operation_id(),
            "tags": self.get_tags(),
            "summary": summary.removesuffix("."),
            "parameters": [*ids, *self.get_override_parameters(), *(ref(name, "parameters") for name in headers)],
            "security": security,
            "responses": self.responses([row for _, rows in callers for row in rows], is_repeatable),
        }
        body: Any = self.get_request_serializer()
        more = {"description": about, "requestBody": body and self.sent(body)}
        return operation | {name: value for name, value in more.items() if value}

    def responses(self, rows: list[Refusal], is_repeatable: bool) -> Schema:
        given: Any = self.get_response_serializers()
        rows = rows + [refusal(one) for one in given if not isinstance(one, Answer)]
        if not any(row.code == OF_PARAMETERS.code for row in rows):
            rows.append(OF_PARAMETERS)
        rows += [*(OF_KEYS if is_repeatable else []), *(OF_BODIES if self.method == "POST" else [])]
        headers = ["X-Request-ID", *(["Idempotency-Replayed"] if is_repeatable else [])]
        answers = {str(one.status): one.described(headers) for one in given if isinstance(one, Answer)}
        return answers | responses(rows) | {"default": ref("Failure", "responses")}

    def sent(self, body: Schema) -> Schema:
        given: Any = self.get_response_serializers()
        examples = {
            name: one for answer in given if isinstance(answer, Answer) for name, one in answer.examples.items()
        }
        values = {name: {"value": one.get("sent", example_of(body))} for name, one in examples.items()}
        content = {"application/json": {"schema": body, "examples": values}}
        return {"required": "$ref" in body or "required" in body, "content": content}
