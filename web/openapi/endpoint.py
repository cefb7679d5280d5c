"""`@endpoint`, above `@api_view`: what it is called, takes, answers and refuses. Every module that has endpoints calls it.

drf-spectacular's `extend_schema` brings it to `EndpointSchema`, its DEFAULT_SCHEMA_CLASS, which adds what is so of all:
who may call and how they are refused, Idempotency-Key, X-Request-ID, and bodies that cannot be read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import extend_schema

from web.errors import PanelError, Sentence
from web.fields import INT_MAX
from web.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress
from web.openapi.refusals import OF_BODIES, Refusal, refusal, responses
from web.openapi.shapes import Schema, always, example_of, ref, thing, whole

Refuses = type[PanelError] | Refusal
ID_SCHEMA = {"type": "integer", "minimum": 1, "maximum": INT_MAX, "examples": [17]}
ID = {"name": "id", "in": "path", "required": True, "description": "As an answer told it.", "schema": ID_SCHEMA}
OF_KEYS = [refusal(one, is_shown=False) for one in (InvalidIdempotencyKey, RequestInProgress, IdempotencyKeyReused)]
SUCCESS = always("success")


class Caller(OpenApiAuthenticationExtension):
    """What a class of authenticators takes, and how it refuses who comes without. drf-spectacular finds the subclasses."""

    schemes: Mapping[str, Schema]
    refusals: tuple[Refuses, ...]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        self.name = list(self.schemes)
        return [{name: []} for name in self.schemes]

    def get_security_definition(self, auto_schema: Any) -> Any:
        """None of one that takes several: others define each."""
        return list(self.schemes.values()) if len(self.schemes) == 1 else []


@dataclass(frozen=True)
class Answer:
    """An example has the body that is `sent`, and in what its answer differs from what the shape gives, or that `of` it."""

    shape: Schema
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    status: int = 200
    about: str = "It is done."
    media_type: str = "application/json"

    def shown(self, example: Mapping[str, Any]) -> Any:
        more = {name: value for name, value in example.items() if name not in ("sent", "of")}
        return example_of(example.get("of", self.shape)) | more


def success(*examples: str, **properties: Schema) -> Answer:
    return Answer(thing({"status": SUCCESS} | properties), {name: {} for name in examples})


def endpoint(
    tag: str,
    id: str,
    summary: Sentence,
    *given: Answer | Refuses,
    about: Sentence = "",
    query: Iterable[Schema] = (),
    body: Schema | None = None,
    methods: list[str] | None = None,
) -> Callable[[Any], Any]:
    """`given` are its answers, and the errors that its own code raises: each is shown in an example."""
    examples = [pair for answer in given if isinstance(answer, Answer) for pair in answer.examples.items()]
    sent = {name: one["sent"] if "sent" in one else body and example_of(body) for name, one in examples}
    content: Any = {"application/json": {"schema": body, "examples": named(sent)}}
    return extend_schema(
        operation_id=id,
        tags=[tag],
        summary=summary,
        description=about,
        parameters=[*query],  # type: ignore[list-item]
        request=body and {"required": "$ref" in body or "required" in body, "content": content},
        responses=given,
        methods=methods,
    )


def query(name: str, schema: Schema, **default: Any) -> Schema:
    """A parameter of the address that may be left out."""
    shape = {key: limit for key, limit in schema.items() if key != "description"} | default
    return {"name": name, "in": "query", "required": False, "description": schema["description"], "schema": shape}


def page(key: str, limit: int, most: int, largest: int = INT_MAX, **start: int) -> list[Schema]:
    """The parameters that web.query reads: which page of a list."""
    after = query(key, whole("The last id that was seen.", 0, minimum=0, maximum=largest), **start)
    return [after, query("limit", whole("How many at most.", 100, minimum=1, maximum=most), default=limit)]


def named(examples: Mapping[str, Any]) -> Schema:
    return {name: {"value": value} for name, value in examples.items()}


class EndpointSchema(AutoSchema):
    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema:
        """Raises LookupError where no @endpoint stands beside it."""
        self.registry, self.path, self.method = registry, path, method
        if not self.get_summary():
            raise LookupError(f"No @endpoint describes {method} {path}.")
        security, about, body = self.get_auth(), str(self.get_description()), self.get_request_serializer()
        is_repeatable = method == "POST" and bool(security)
        headers = ["IdempotencyKey", "RequestId"] if is_repeatable else ["RequestId"]
        parameters = [*([ID] if "{id}" in path else []), *self.get_override_parameters()]
        return {
            "operationId": self.get_operation_id(),
            "tags": self.get_tags(),
            "summary": self.get_summary(),
            **({"description": about} if about else {}),
            "parameters": [*parameters, *(ref(name, "parameters") for name in headers)],
            **({"requestBody": body} if body else {}),
            "security": security,
            "responses": self.responses(is_repeatable),
        }

    def responses(self, is_repeatable: bool) -> Schema:
        given: Any = self.get_response_serializers()
        callers: Any = [OpenApiAuthenticationExtension.get_match(one) for one in self.view.get_authenticators()]
        errors = [error for caller in callers for error in caller.refusals]
        errors += [error for error in given if not isinstance(error, Answer)]
        rows = [error if isinstance(error, Refusal) else refusal(error) for error in errors]
        rows += [*(OF_KEYS if is_repeatable else []), *(OF_BODIES if self.method == "POST" else [])]
        answers = {str(one.status): described(one, is_repeatable) for one in given if isinstance(one, Answer)}
        return answers | responses(rows) | {"default": ref("Failure", "responses")}


def described(answer: Answer, is_repeatable: bool) -> Schema:
    headers = ["X-Request-ID", *(["Idempotency-Replayed"] if is_repeatable else [])]
    shown = {name: answer.shown(example) for name, example in answer.examples.items()}
    content = {"schema": answer.shape} | ({"examples": named(shown)} if shown else {})
    headers_of = {name: ref(name, "headers") for name in headers}
    return {"description": answer.about, "headers": headers_of, "content": {answer.media_type: content}}
