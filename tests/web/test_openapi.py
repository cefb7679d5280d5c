"""GET /api/schema: it describes every endpoint and nothing else, and the suite's eye on it is open."""

import copy
import json
import re
import subprocess
import sys
from typing import Annotated, Any, NotRequired, TypedDict

import pytest
from django.test import Client
from django.urls import get_resolver, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from launcher.children import ROOT
from tests.contract import Contract, contract, sealed
from tests.test_permissions import routes
from vps.models import Event
from web.openapi.shapes import truth, typed

DESCRIBED: dict[str, Any] = contract().described
NAMED = {"X-Request-ID": "order-1042"}
UNDESCRIBED = {"options", "head"}


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in described["paths"].items() for method, one in methods.items()]


def endpoints() -> set[str]:
    """Every method of every address of the API, asked of the URL conf itself."""
    found = set()
    for route in routes():
        if route.startswith("api/"):
            address = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route.replace("^", "").replace("/?$", ""))
            view = get_resolver().resolve(address.replace("{id}", "1").replace("{external_id}", "x")).func
            found |= {
                f"{method.upper()} {address}" for method in view.cls.http_method_names if hasattr(view.cls, method)
            }
    return {endpoint for endpoint in found if endpoint.split()[0].lower() not in UNDESCRIBED}


def test_it_describes_every_endpoint_and_nothing_else() -> None:
    described = {f"{method.upper()} {address}" for address, method, _ in operations(DESCRIBED)}
    assert described == endpoints()


def test_an_endpoint_that_nothing_describes_is_found_out() -> None:
    bare = api_view(["GET"])(lambda request: Response())
    with pytest.raises(LookupError, match="GET /api/bare"):
        SchemaGenerator(patterns=[path("api/bare", bare)]).get_schema(public=True)


def test_typed_describes_each_key_by_its_annotation_and_refuses_one_that_has_none() -> None:
    shining, other = truth("Whether it shines.", True), truth("Whether it is broken.", False)

    class Lamp(TypedDict):
        """Of a room."""

        on: Annotated[bool, shining]
        broken: NotRequired[Annotated[bool, other]]
        dim: bool

    with pytest.raises(KeyError, match="dim"):
        typed(Lamp)
    shape = typed(Lamp, dim=shining)
    assert (shape["properties"], shape["description"]) == (
        {"on": shining, "broken": other, "dim": shining},
        "Of a room.",
    )
    assert shape["required"] == ["on", "dim"]


def test_it_is_openapi_3_1_and_drf_spectacular_has_nothing_to_complain_of() -> None:
    GENERATOR_STATS.reset()
    validate_schema(SchemaGenerator().get_schema(public=True))
    assert not GENERATOR_STATS
    assert DESCRIBED["openapi"].startswith("3.1.")


def test_everybody_may_read_it(db: None) -> None:
    answer = Client(headers={"authorization": "Bearer x.y.z"}).get("/api/schema")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == DESCRIBED


# A sentence that is chosen as its module is read stays in the language of whoever has it read.
READ_IN_RUSSIAN = """
import django
django.setup()
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
with translation.override("ru"):
    import ospab_panel.urls
with translation.override("en"):
    print(SchemaGenerator().get_schema(public=True))
"""


def test_it_speaks_english_in_whatever_language_its_modules_were_read() -> None:
    command = [sys.executable, "-W", "ignore", "-c", READ_IN_RUSSIAN]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "/api/vps/sync" in text
    assert not re.findall("[а-яА-Я]+", text)


def test_it_speaks_english_to_whoever_asks(db: None) -> None:
    assert not [
        sign
        for sign in Client(headers={"accept-language": "ru"}).get("/api/schema").content.decode()
        if "а" <= sign <= "я"
    ]


def test_no_operation_is_called_as_another() -> None:
    ids = [one["operationId"] for *_, one in operations(DESCRIBED)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", DESCRIBED["components"]["schemas"])
def test_every_field_is_described_with_its_type_and_an_example(name: str) -> None:
    for field, shape in DESCRIBED["components"]["schemas"][name].get("properties", {}).items():
        plain = sealed(shape, DESCRIBED)
        assert {"type", "oneOf"} & set(plain), field
        if plain.get("type") in ("string", "integer", "number"):
            assert "const" in plain or {"description", "examples"} <= set(plain), field


def test_every_reference_leads_somewhere_and_nothing_is_described_in_vain() -> None:
    text = json.dumps(DESCRIBED)
    for kind, components in DESCRIBED["components"].items():
        for name in components:
            assert kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in text, name


@pytest.mark.parametrize(
    ("status", "body", "is_fine"),
    [
        (200, {"status": "success", "count": 0, "vps": [], "observed": {}, "suspension": {}, "next": None}, True),
        (200, {"status": "success", "count": "0", "vps": [], "observed": {}, "suspension": {}, "next": None}, False),
        (200, {"status": "success", "count": 0, "vps": [], "observed": {}, "suspension": {}}, False),
        (
            200,
            {"status": "success", "count": 0, "vps": [], "observed": {}, "suspension": {}, "next": None, "total": 0},
            False,
        ),
        (400, {"status": "error", "message": "No.", "code": "invalid"}, True),
        (400, {"status": "error", "message": "No.", "code": "never_heard_of"}, False),
        (405, {"status": "error", "message": "No.", "code": "method_not_allowed"}, True),
        (405, {"detail": "No."}, False),
        (418, {"status": "error", "message": "No.", "code": "teapot"}, False),
    ],
)
def test_the_suite_sees_an_answer_that_is_not_as_described(status: int, body: Any, is_fine: bool) -> None:
    assert (contract().broken_by("GET", "/api/vps", status, body, NAMED) == "") is is_fine


def test_the_suite_sees_a_description_that_is_not_as_the_answer(with_token: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice)
    answer = with_token(alice).get("/api/vps")
    wrong = copy.deepcopy(DESCRIBED)
    wrong["components"]["schemas"]["Vps"]["properties"]["cpu"]["type"] = "string"
    fault = Contract(wrong).broken_by("GET", "/api/vps", 200, answer.json(), answer.headers)
    assert "$.vps[0].cpu: 2 is not of type 'string'" in fault


@pytest.mark.parametrize("headers", [{}, {"X-Request-ID": "two words"}, NAMED | {"Retry-After": "soon"}])
def test_the_suite_sees_headers_that_are_not_as_described(headers: dict[str, str]) -> None:
    body = {"status": "error", "message": "No.", "code": "internal_error"}
    assert "headers" in contract().broken_by("GET", "/api/vps", 500, body, headers)


def test_the_page_is_all_from_here_and_what_it_refuses_is_json(static_files: None, db: None) -> None:
    page = Client().get("/api/docs")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "://" not in page.content.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
    refused = Client().post("/api/docs")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("type", DESCRIBED["webhooks"])
def test_a_webhook_is_shown_as_it_is_described(type: str) -> None:
    content = DESCRIBED["webhooks"][type]["post"]["requestBody"]["content"]["application/json"]
    assert type in Event.Type.values
    contract().validator(content["schema"]).validate(content["examples"][type]["value"])
