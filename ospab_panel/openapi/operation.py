"""One row of the table as an operation of OpenAPI. Called by `generator`, for each door that the URL conf has."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from ospab_panel.openapi.callers import LIMITED, REFUSED, TAKES
from ospab_panel.openapi.door import Answer, Door
from ospab_panel.openapi.refusals import OF_REPEATS, responses
from ospab_panel.openapi.shapes import Schema, ref
from ospab_panel.openapi.told import OF_BODIES

ID: Schema = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "As an answer told it.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 2_147_483_647, "examples": [17]},
}


class DoorSchema(AutoSchema):
    """Who may call is asked of the door itself; bodies that are serializers are told by these."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema:
        self.registry, self.path, self.method = registry, path, method
        schemes = [scheme for authenticator in self.view.get_authenticators() for scheme in TAKES[type(authenticator)]]
        is_repeatable = method == "POST" and bool(schemes)
        return {
            "operationId": self.door.id,
            "tags": [self.door.tag],
            "summary": self.door.summary,
            **({"description": self.door.about} if self.door.about else {}),
            "parameters": self.parameters(is_repeatable),
            **({"requestBody": self.request_body()} if self.door.body else {}),
            "security": [{scheme: []} for scheme in schemes],
            "responses": self.responses(schemes, is_repeatable),
        }

    def parameters(self, is_repeatable: bool) -> list[Schema]:
        ids = [ID] if "{id}" in self.path else []
        headers = ["IdempotencyKey", "RequestId"] if is_repeatable else ["RequestId"]
        return [*ids, *self.door.query, *(ref(name, "parameters") for name in headers)]

    def request_body(self) -> Schema:
        body = self.door.body
        shape = body if isinstance(body, dict) else self.resolve_serializer(body, "request").ref
        content = {"schema": shape, "examples": examples(self.door.asks)}
        return {"required": not self.door.is_body_optional, "content": {"application/json": content}}

    def responses(self, schemes: list[str], is_repeatable: bool) -> dict[str, Schema]:
        answers = {str(status): answered(answer, is_repeatable) for status, answer in self.door.answers.items()}
        callers = [refusal for scheme in schemes for refusal in REFUSED[scheme]]
        limited = [*self.door.limited, *(told for scheme in schemes for told in LIMITED[scheme])]
        shared = [*limited, *(OF_REPEATS if is_repeatable else ()), *(OF_BODIES if self.method == "POST" else ())]
        refused = responses([*callers, *self.door.refusals], shared, self.door.refused)
        return answers | refused | {"default": ref("Failure", "responses")}


def answered(answer: Answer, is_repeatable: bool) -> Schema:
    headers = ["X-Request-ID", "Idempotency-Replayed"] if is_repeatable else ["X-Request-ID"]
    content = {"schema": answer.shape} | ({"examples": examples(answer.examples)} if answer.examples else {})
    return {
        "description": answer.about,
        "headers": {name: ref(name, "headers") for name in headers},
        "content": {answer.media_type: content},
    }


def examples(values: dict[str, Any]) -> dict[str, Schema]:
    return {name: {"value": value} for name, value in values.items()}
