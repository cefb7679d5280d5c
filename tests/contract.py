"""Every answer of the API that any test gets is held against the description of it. `tests.conftest` puts it in between."""

import gzip
import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from web.openapi.document import document
from web.openapi.refusals import OF_ALL

Schema = dict[str, Any]
JSON = "application/json"
# Of thousands of rows in one answer so many are read.
ENOUGH = 50
PLACEHOLDERS = re.compile("{(id|external_id)}")
NAMES = {"id": "[1-9][0-9]{0,9}", "external_id": ".+"}


class Contract:
    """The description made ready: its references filled in, and its objects closed to keys that it does not name."""

    def __init__(self, described: Schema) -> None:
        self.described = described
        # The longest first: one that ends in a text of any kind has the others within.
        paths = sorted(described["paths"].items(), key=lambda one: len(one[0]), reverse=True)
        self.paths = [(re.compile(as_pattern(path)), methods) for path, methods in paths]
        self.error = self.validator(described["components"]["schemas"]["Error"])
        self.validators: dict[int, Draft202012Validator] = {}

    def validator(self, schema: Schema) -> Draft202012Validator:
        return Draft202012Validator(sealed(schema, self.described), format_checker=FormatChecker())

    def broken_by(self, method: str, path: str, status: int, body: Any, headers: Any) -> str:
        """What is wrong with this answer, or ''."""
        answer = f"{method} {path} answers {status}"
        response = self.operation(method, path).get("responses", {}).get(str(status))
        if response is None and not is_of_all(status, body):
            return f"{answer}, which its description does not have: {body}"
        fault = best_match(self.expected(response).iter_errors(shortened(body)))
        if fault:
            return f"{answer} otherwise than described: {fault.json_path}: {fault.message}"
        wrong = [name for name, shape in self.headers(response).items() if not is_header(shape, headers.get(name))]
        return f"{answer} with headers otherwise than described: {wrong}" if wrong else ""

    def operation(self, method: str, path: str) -> Schema:
        methods = next((methods for pattern, methods in self.paths if pattern.fullmatch(path)), {})
        found: Schema = methods.get(method.lower(), {})
        return found

    def expected(self, response: Schema | None) -> Draft202012Validator:
        if response is None:
            return self.error
        if id(response) not in self.validators:
            self.validators[id(response)] = self.validator(response["content"][JSON]["schema"])
        return self.validators[id(response)]

    def headers(self, response: Schema | None) -> Schema:
        described: Schema = (response or self.described["components"]["responses"]["Failure"])["headers"]
        return {name: self.described["components"]["headers"][name] for name in described}


def is_of_all(status: int, body: Any) -> bool:
    """Whether it is a failure that may meet any request."""
    return any((one.status, one.code) == (status, body.get("code")) for one in OF_ALL)


def is_header(shape: Schema, value: str | None) -> bool:
    if value is None:
        return not shape.get("required")
    given = int(value) if shape["schema"]["type"] == "integer" and value.isdigit() else value
    return bool(Draft202012Validator(shape["schema"]).is_valid(given))


def as_pattern(path: str) -> str:
    """A slash at the end of what the main site calls makes no difference."""
    return PLACEHOLDERS.sub(lambda found: NAMES[found[1]], path) + ("/?" if "/sync" in path else "")


def sealed(schema: Any, root: Schema) -> Any:
    if isinstance(schema, list):
        return [sealed(inner, root) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        *_, kind, name = schema["$ref"].split("/")
        return sealed(root["components"][kind][name], root)
    closed = {"additionalProperties": False} if {"properties", "required"} <= set(schema) else {}
    return closed | {key: sealed(inner, root) for key, inner in schema.items()}


def shortened(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: shortened(inner) for key, inner in body.items()}
    return [shortened(inner) for inner in body[:ENOUGH]] if isinstance(body, list) else body


@cache
def contract() -> Contract:
    return Contract(json.loads(document()))


def check(response: Any) -> None:
    """Raises AssertionError for an answer of the API that its description does not have."""
    request = response.wsgi_request
    if request.method == "HEAD" or not request.path.startswith("/api/") or response["Content-Type"] != JSON:
        return
    body = json.loads(plain(response))
    broken = contract().broken_by(request.method, request.path, response.status_code, body, response.headers)
    assert not broken, broken


def plain(response: Any) -> bytes:
    content: bytes = response.content
    return gzip.decompress(content) if response.get("Content-Encoding") == "gzip" else content
