"""GET /api/users/sync: whom the main site may read of, in pages, and by whatever it knows of them."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.accounts.conftest import sync
from tests.conftest import person

ODD = "клиент 1/2%2F?&#+ ü="


def ask(path: str = "/api/users/sync", **query: Any) -> Any:
    return Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]}).get(path, query)


def ids(**query: Any) -> list[int]:
    return [user["id"] for user in ask(**query).json()["users"]]


@pytest.mark.parametrize("path", ["/api/users/sync", "/api/users/sync/"])
def test_users_list_shows_each_as_the_main_site_sees_them(db: None, path: str) -> None:
    made = sync("create", external_id="c-1", username="Dora", email="Dora@Example.com", first_name="Дора").json()[
        "user"
    ]
    answer = ask(path)
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "success", "count": 1, "users": [made], "next": None},
    )


def test_users_list_reaches_everybody_once_in_the_order_of_ids(db: None) -> None:
    made = [person(f"user{at}", is_active=at != 2).pk for at in range(5)]
    seen, address = [], "/api/users/sync?limit=2"
    while address:
        page = ask(address).json()
        seen += [user["id"] for user in page["users"]]
        assert page["count"] == len(page["users"]) <= 2
        address = page["next"]
    assert seen == made


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_users_list_tells_nothing_of_the_staff(alice: Any, right: str) -> None:
    other = person("other", external_id="c-9", **{right: True})
    assert ids() == [alice.pk]
    for asked in ({"id": other.pk}, {"external_id": "c-9"}, {"email": other.email}, {"username": "other"}):
        answer = ask(**asked)
        assert (answer.status_code, answer.json()["users"]) == (200, [])


def test_users_list_finds_who_is_asked_for_and_nobody_else(alice: Any, bob: Any) -> None:
    dora = person("Дора", external_id=ODD)
    assert ids(id=bob.pk) == [bob.pk]
    assert ids(external_id=ODD) == [dora.pk]
    assert ids(email="ALICE@example.com") == [alice.pk]
    assert ids(username="AliCe") == ids(username="ａｌｉｃｅ") == [alice.pk]
    assert ids(username="ДОРА") == [dora.pk]
    assert ids(username="alice", id=alice.pk) == [alice.pk]
    assert ids(username="alice", id=bob.pk) == []
    assert ids(external_id="nobody") == ids(email="alice") == ids(username="alice@example.com") == []
    assert ids(id=alice.pk, after=alice.pk) == []


def test_users_list_is_one_query_however_many_they_are(db: None, django_assert_num_queries: Any) -> None:
    for at in range(20):
        person(f"user{at}", external_id=f"c-{at}")
    # The other one writes the call down.
    for asked in ({}, {"limit": 3}, {"email": "user1@example.com"}, {"external_id": "c-1"}):
        with django_assert_num_queries(2):
            ask(**asked)


@pytest.mark.parametrize(
    "query", ["id=0", "id=", "external_id=", "email=", "username=", "limit=10001", "status=running"]
)
def test_users_list_refuses_what_it_would_not_obey_and_names_it(db: None, query: str) -> None:
    answer = ask(f"/api/users/sync?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_users_list_is_not_for_customers(alice: Any, with_token: Any) -> None:
    assert with_token(alice).get("/api/users/sync").status_code == 401
