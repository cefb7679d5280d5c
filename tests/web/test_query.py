"""What stands behind the question mark of an address: what nobody knows and what is given twice is told of everywhere."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.callers import filled
from tests.contract import contract
from tests.test_permissions import ENDPOINTS, ended
from vps.models import Operation, SyncCall
from web.models import KeptAnswer

# By whom each address of the API is asked: to read, and to do something.
GETS = {
    route: "anybody" if methods["GET"][0] == 200 else "main site" if methods["GET"][1] == 401 else "owner"
    for route, methods in ENDPOINTS.items()
    if route.startswith("api/") and "GET" in methods
}

POSTS = {
    route: "anybody" if answers[0] != 401 else "main site" if answers[-1] != 401 else "owner"
    for route, methods in ENDPOINTS.items()
    for answers in [methods.get("POST")]
    if route.startswith("api/") and answers
}


@pytest.fixture
def ask(alice: Any, with_token: Any, make_vps: Any, bind: Any) -> Any:
    vps = make_vps(alice)
    bind(vps)
    operation = ended(vps)

    def ask_as(who: str, route: str, query: str, method: str = "GET") -> Any:
        key = {"x-api-key": settings.MAIN_SITE_API_KEYS[0]} if who == "main site" else {}
        client = with_token(alice) if who == "owner" else Client(headers=key)
        id = operation.pk if "operations/<" in route else vps.pk
        path = filled(route, id=id, external_id="order-1") + query
        return client.generic(method, path, b"{}", content_type="application/json")

    return ask_as


def known_of(route: str) -> list[str]:
    path = filled(route, id=1, external_id="order-1")
    return [one["name"] for one in contract().operation("GET", path)["parameters"] if one.get("in") == "query"]


@pytest.mark.parametrize(("route", "who"), GETS.items())
def test_refuse_unknown_tells_of_a_parameter_that_the_description_does_not_have(
    ask: Any, route: str, who: str, static_files: None
) -> None:
    answer = ask(who, route, "?colour=red")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    (sentence,) = answer.json()["errors"]["colour"]
    assert answer.json()["message"] == f"colour: {sentence}"
    assert "red" not in sentence
    names = ", ".join(known_of(route))
    assert sentence.endswith(f"takes: {names}." if names else "takes no parameters.")
    assert ask(who, route, "").status_code in (200, 404)


@pytest.mark.parametrize(("route", "who"), POSTS.items())
def test_refuse_unknown_lets_nothing_be_done_where_an_address_says_more_than_is_read(
    ask: Any, route: str, who: str
) -> None:
    """As `?force=true` of a stop, or `?atomic=true` of a batch."""
    answer = ask(who, route, "?force=true", "POST")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"force": ["This address takes no parameters."]})
    assert not Operation.objects.open().exists()
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(("route", "who"), [(route, who) for route, who in GETS.items() if known_of(route)])
def test_refuse_unknown_tells_of_a_parameter_that_is_given_twice(ask: Any, route: str, who: str) -> None:
    name = known_of(route)[0]
    answer = ask(who, route, f"?{name}=1&{name}=2")
    assert (answer.status_code, answer.json()["errors"]) == (400, {name: ["Must be given once."]})


@pytest.mark.parametrize("route", [route for route, who in GETS.items() if who != "anybody"])
def test_refuse_unknown_tells_a_stranger_nothing_but_that_they_are_one(ask: Any, route: str) -> None:
    assert ask("anybody", route, "?colour=red").status_code == 401


def test_refuse_unknown_is_a_call_of_the_main_site_like_any_other(ask: Any) -> None:
    ask("main site", "api/^vps/sync/?$", "?colour=red")
    call = SyncCall.objects.get()
    assert (call.minute, call.action, call.status, call.code) == (None, "read", 400, "invalid")


def test_another_method_by_the_key_is_a_call_of_the_main_site_too(db: None) -> None:
    key = {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}
    assert Client(headers=key).put("/api/vps/sync").status_code == 405
    assert SyncCall.objects.get().minute is None


def test_refuse_unknown_names_ten_of_many(db: None) -> None:
    answer = Client().get("/api/schema?" + "&".join(f"a{at}=1" for at in range(900)))
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 10)


def test_refuse_unknown_speaks_russian_to_a_customer_who_asks_for_it(with_token: Any, alice: Any) -> None:
    client = with_token(alice)
    for query, sentence in [
        ("?colour=red", "Такого параметра нет. Этот адрес принимает: after, limit."),
        ("?limit=1&limit=2", "Должен быть указан один раз."),
    ]:
        answer = client.get(f"/api/vps{query}", headers={"accept-language": "ru"})
        assert [sentence] in answer.json()["errors"].values()
    answer = client.get("/api/auth/me?colour=red", headers={"accept-language": "ru"})
    assert answer.json()["errors"] == {"colour": ["Этот адрес не принимает параметров."]}
