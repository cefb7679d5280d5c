"""/api/auth: logging in by JWT, and what ends a token."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import PASSWORD, person


def post(path: str, **body: Any) -> Any:
    return Client().post(f"/api/auth/{path}", body, content_type="application/json")


@pytest.mark.parametrize(
    "login", [{"username": "alice"}, {"username": "ALICE@example.com"}, {"email": "alice@example.com"}]
)
def test_login_is_by_username_or_email(alice: Any, login: dict[str, str]) -> None:
    body = post("login", **login, password=PASSWORD).json()
    assert body["status"] == "success"
    assert body["token"] == body["access"]
    assert body["user"] == {"id": alice.id, "username": "alice", "email": "alice@example.com"}
    me = Client(headers={"authorization": f"Bearer {body['access']}"}).get("/api/auth/me")
    assert me.json()["user"]["id"] == alice.id


@pytest.mark.parametrize(
    "login", [{"username": "alice", "password": "wrong"}, {"username": "nobody", "password": PASSWORD}]
)
def test_login_refuses_a_wrong_name_and_a_wrong_password_alike(alice: Any, login: dict[str, str]) -> None:
    answer = post("login", **login)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_login"


def test_login_refuses_a_deactivated_user(alice: Any) -> None:
    alice.is_active = False
    alice.save()
    assert post("login", username="alice", password=PASSWORD).json()["code"] == "invalid_login"


@pytest.mark.parametrize(
    "body", [{}, {"username": "alice"}, {"username": 5, "password": "x"}, {"username": "a", "password": ["x"]}]
)
def test_login_of_the_wrong_shape_is_400(db: None, body: dict[str, Any]) -> None:
    assert post("login", **body).status_code == 400


def test_login_without_a_name_names_both_that_would_do(db: None) -> None:
    either = ["Give a username or an e-mail address."]
    assert post("login", password=PASSWORD).json()["errors"] == {"username": either, "email": either}


def test_login_after_ten_failures_refuses_the_right_password_too(alice: Any) -> None:
    for _ in range(10):
        post("login", username="alice", password="wrong")
    answer = post("login", username="alice", password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer["Retry-After"]) > 0


def test_refresh_token_is_exchanged_once(alice: Any) -> None:
    pair = post("login", username="alice", password=PASSWORD).json()
    again = post("refresh", refresh=pair["refresh"])
    assert again.status_code == 200
    assert again.json()["refresh"] != pair["refresh"]
    assert post("refresh", refresh=pair["refresh"]).json()["code"] == "invalid_token"


@pytest.mark.django_db(transaction=True)
def test_refresh_token_sent_twenty_times_at_once_is_exchanged_once() -> None:
    person("alice")
    pair = post("login", username="alice", password=PASSWORD).json()

    def refresh(_: int) -> int:
        status: int = post("refresh", refresh=pair["refresh"]).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(refresh, range(20)))
    assert sorted(statuses) == [200] + [401] * 19


def test_logout_ends_the_refresh_token(alice: Any) -> None:
    pair = post("login", username="alice", password=PASSWORD).json()
    assert post("logout", refresh=pair["refresh"]).status_code == 200
    assert post("refresh", refresh=pair["refresh"]).status_code == 401


@pytest.mark.parametrize("change", ["deactivated", "new password", "deleted"])
def test_tokens_of_a_user_who_is_changed_stop_working_at_once(alice: Any, change: str) -> None:
    pair = post("login", username="alice", password=PASSWORD).json()
    if change == "deleted":
        alice.delete()
    else:
        alice.is_active = change != "deactivated"
        if change == "new password":
            alice.set_password("another long password")
        alice.save()
    me = Client(headers={"authorization": f"Bearer {pair['access']}"}).get("/api/auth/me")
    assert (me.status_code, me.json()["code"]) == (401, "invalid_token")
    assert post("refresh", refresh=pair["refresh"]).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer x.y.z", "Bearer", "Token abc", "Bearer a b c"])
def test_access_token_that_is_bad_is_401_in_json(db: None, header: str) -> None:
    answer = Client(headers={"authorization": header}).get("/api/vps")
    assert answer.status_code == 401
    assert answer.json()["status"] == "error"


def test_refresh_token_opens_no_endpoint(alice: Any) -> None:
    pair = post("login", username="alice", password=PASSWORD).json()
    assert Client(headers={"authorization": f"Bearer {pair['refresh']}"}).get("/api/vps").status_code == 401


def test_login_counts_failures_for_the_person_however_the_name_is_written(alice: Any) -> None:
    for name in ["alice", "Alice", "ALICE", "alice@example.com", "Alice@Example.com"] * 2:
        post("login", username=name, password="wrong")
    answer = post("login", username="aLice", password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")


def test_login_that_makes_the_hash_anew_at_todays_cost_ends_no_token(alice: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    pair = post("login", username="alice", password=PASSWORD).json()
    alice.refresh_from_db()
    assert alice.password.startswith("pbkdf2")
    me = Client(headers={"authorization": f"Bearer {pair['access']}"}).get("/api/auth/me")
    assert me.status_code == 200


@pytest.mark.parametrize("path", ["/api/nothing", "/API/nothing"])
def test_api_speaks_english_however_its_path_is_written(path: str) -> None:
    assert Client().get(path).json()["message"] == "There is nothing at this address."


def test_login_refuses_in_russian_whoever_asks_for_russian(alice: Any) -> None:
    client = Client(headers={"accept-language": "ru"})
    body = {"username": "alice", "password": "wrong"}
    answer = client.post("/api/auth/login", body, content_type="application/json")
    assert answer.json()["message"] == "Логин или пароль не подходят."
