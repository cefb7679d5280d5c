"""Which credential belongs at an address: whoever comes with the other one is told so, at every address of the API."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.callers import filled
from tests.test_permissions import ENDPOINTS
from web.models import LimitCount

# (route, method) of what the key alone opens, and of what a token alone opens.
REFUSING = [(route, methods, answers) for route, each in ENDPOINTS.items() for methods, answers in each.items()]
OF_THE_KEY = [(route, method) for route, method, answers in REFUSING if answers[0] == answers[1] == 401 != answers[-1]]
OF_A_TOKEN = [(route, method) for route, method, answers in REFUSING if answers[0] == answers[-1] == 401 != answers[1]]
WANTS_KEY = "Invalid or missing API key: this address takes the main site's X-API-Key, and no Bearer token."
WANTS_TOKEN = "This address takes a customer's token (Authorization: Bearer …), and no X-API-Key."


def ask(client: Client, route: str, method: str) -> tuple[int, dict[str, Any]]:
    path = filled(route, id=77, external_id="order-77")
    answer = client.generic(method, path, content_type="application/json")
    return answer.status_code, answer.json()


def key(given: str = "") -> dict[str, str]:
    return {"x-api-key": given or settings.MAIN_SITE_API_KEYS[0]}


@pytest.mark.parametrize(("route", "method"), OF_A_TOKEN)
def test_token_authentication_says_to_a_key_that_a_token_belongs_there(db: None, route: str, method: str) -> None:
    for given in (key(), key("wrong")):
        status, body = ask(Client(headers=given), route, method)
        assert (status, body["code"], body["message"]) == (401, "not_authenticated", WANTS_TOKEN)
    status, body = ask(Client(), route, method)
    assert (status, body["message"]) == (401, "Authentication credentials were not provided.")


@pytest.mark.parametrize(("route", "method"), OF_THE_KEY)
def test_key_authentication_says_to_a_token_that_the_key_belongs_there(
    with_token: Any, alice: Any, route: str, method: str
) -> None:
    for other in (with_token(alice), Client(headers={"authorization": f"Bearer {key()['x-api-key']}"})):
        status, body = ask(other, route, method)
        assert (status, body["code"], body["message"]) == (401, "invalid_api_key", WANTS_KEY)
    for other in (Client(), Client(headers=key("wrong")), Client(headers=key("wrong") | {"authorization": "Bearer x"})):
        status, body = ask(other, route, method)
        assert (status, body["message"]) == (401, "Invalid or missing API key")


def test_key_authentication_counts_no_token_among_wrong_keys(with_token: Any, alice: Any) -> None:
    program = with_token(alice)
    for _ in range(40):
        assert program.get("/api/vps/sync").status_code == 401
    assert not LimitCount.objects.filter(what__contains="key").exists()
    Client(headers=key("wrong")).get("/api/vps/sync")
    assert LimitCount.objects.filter(what__contains="key").exists()


def test_token_authentication_takes_a_token_though_a_key_stands_beside_it(with_token: Any, alice: Any) -> None:
    assert with_token(alice).get("/api/auth/me", headers=key()).json()["user"]["id"] == alice.pk


def test_token_authentication_says_it_in_russian_too(db: None) -> None:
    body = Client(headers=key() | {"accept-language": "ru"}).get("/api/vps").json()
    assert body["message"] == "Этот адрес принимает токен клиента (Authorization: Bearer …), а не X-API-Key."
