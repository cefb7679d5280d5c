"""POST /api/users/sync as the main site's program meets it."""

from threading import Event
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from tests.accounts.conftest import at_once, send, sync
from tests.conftest import person, waiting
from tests.simulated import wait_for

DORA = {"external_id": "c-17", "username": "Dora", "email": "Dora@Example.com"}
SHOWN = {"external_id", "username", "email", "first_name", "last_name"}


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["/api/users/sync", "/api/users/sync/"])
def test_users_sync_create_makes_a_user_without_a_password(db: None, path: str) -> None:
    answer = sync("create", path, **DORA, first_name="Дора", last_name="O'Neil")
    dora = User.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "status": "success",
        "message": "User synced successfully",
        "user": DORA
        | {"id": dora.pk, "first_name": "Дора", "last_name": "O'Neil", "is_active": True}
        | {"created_at": dora.date_joined.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }
    assert not dora.has_usable_password()


def test_users_sync_create_answers_with_a_user_who_is_there_and_changes_nothing(db: None) -> None:
    first = sync("create", **DORA)
    again = sync("create", external_id="c-17", username="other", email="other@example.com", first_name="New")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert User.objects.get().first_name == ""


def test_users_sync_create_is_replayed_under_its_key(db: None) -> None:
    first, again = (
        send("/api/users/sync", {"action": "create", "user": DORA}, **{"idempotency-key": "k"}) for _ in range(2)
    )
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (201, first.content, "true")


@pytest.mark.parametrize("action", ["create", "update"])
@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"username": "ALICE"}, "username_taken"),
        ({"username": "alice@EXAMPLE.com"}, "username_taken"),
        ({"email": "Alice@Example.com"}, "email_taken"),
        ({"email": "bob@else.where"}, "email_taken"),
    ],
)
def test_users_sync_refuses_a_name_that_somebody_else_logs_in_by(
    alice: Any, action: str, names: dict[str, str], code: str
) -> None:
    User.objects.create(username="Bob@Else.Where", email="bob@example.com")
    if action == "update":
        User.objects.create(**DORA)
    before = list(User.objects.values())
    answer = sync(action, **(DORA if action == "create" else {"external_id": "c-17"}) | names)
    assert code_of(answer) == (409, code)
    assert list(User.objects.values()) == before


def test_users_sync_takes_ones_own_address_as_ones_username(db: None) -> None:
    assert sync("create", **DORA | {"username": "dora@example.com"}).status_code == 201
    assert sync("update", external_id="c-17", email="dora@else.where").status_code == 200
    assert sync("update", external_id="c-17", username="DORA@else.where").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "a b"), ("username", "a" * 151), ("username", ""), ("username", 5), ("username", ["x"]),
        ("username", "a\u202eb"), ("username", "<b>"), ("username", "ﬃ" * 60), ("email", "nobody"), ("email", "a@b"),
        ("email", "a@b.c\n"), ("email", f"{'a' * 250}@b.com"), ("email", {"a": 1}), ("external_id", ""),
        ("external_id", "x" * 192), ("external_id", 17), ("external_id", "a\nb"), ("first_name", None),
        ("last_name", "x" * 151), ("last_name", False),
    ],
)  # fmt: skip
def test_users_sync_refuses_a_wrong_value_and_names_its_field(db: None, field: str, value: Any) -> None:
    answer = sync("create", **DORA | {field: value})
    assert code_of(answer) == (400, "invalid")
    assert list(answer.json()["errors"]) == [f"user.{field}"]
    assert not User.objects.exists()


@pytest.mark.parametrize("value", [0, 1, "false", None, []])
def test_users_sync_is_active_is_true_or_false(alice: Any, value: Any) -> None:
    assert list(sync("update", id=alice.pk, is_active=value).json()["errors"]) == ["user.is_active"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "action, user"), ({"action": "create", "user": {}}, "external_id, username, email"),
        ({"action": "create", "user": DORA | {"email": None}}, "email"),
        ({"action": "update", "user": {"username": "x"}}, "id or external_id"),
        ({"action": "deactivate", "user": {}}, "id or external_id"),
        ({"action": "update", "user": {"id": 1}}, "at least one field to update beside id or external_id"),
        ({"action": "update", "user": {"external_id": "x"}}, "at least one field to update beside id or external_id"),
    ],
)  # fmt: skip
def test_users_sync_names_what_is_missing(db: None, body: dict[str, Any], message: str) -> None:
    answer = send("/api/users/sync", body)
    assert code_of(answer) == (400, "missing_fields")
    assert answer.json()["message"] == f"Missing required fields: {message}"
    assert answer.json()["errors"]


@pytest.mark.parametrize("action", ["update", "deactivate"])
def test_users_sync_update_and_deactivate_without_an_id_name_both(db: None, action: str) -> None:
    answer = sync(action, username="x")
    either = ["id or external_id is required."]
    assert answer.json()["errors"] == {"user.id": either, "user.external_id": either}


def test_users_sync_update_of_nothing_names_what_it_could_be(db: None) -> None:
    answer = sync("update", id=1, colour="red")
    assert answer.json()["message"].endswith("beside id or external_id; unknown: colour")
    names = "username, email, first_name, last_name, is_active"
    assert answer.json()["errors"] == {"user": [f"At least one of these is required: {names}."]}


@pytest.mark.parametrize(
    "body",
    [[], {"action": "drop", "user": {}}, {"action": ["create"], "user": {}}, {"action": "create", "user": 5}],
)
def test_users_sync_refuses_a_body_of_another_shape(db: None, body: Any) -> None:
    assert code_of(send("/api/users/sync", body)) == (400, "invalid")


def test_users_sync_ignores_keys_that_are_not_known_and_names_them(db: None) -> None:
    more = {"id": 5, "is_active": False, "is_staff": True, "password": "x"}
    body = sync("create", **DORA, **more).json()
    assert body["warnings"] == [f"Unknown field ignored: user.{key}" for key in more]
    dora = User.objects.get()
    assert (dora.is_active, dora.is_staff, dora.has_usable_password()) == (True, False, False)


def test_users_sync_update_changes_what_it_names_and_nothing_else(alice: Any) -> None:
    alice.first_name = "Alice"
    alice.save()
    before = User.objects.values().get()
    answer = sync("update", id=alice.pk, email="New@Example.com", first_name="")
    assert answer.status_code == 200
    assert User.objects.values().get() == before | {"email": "New@Example.com", "first_name": ""}
    assert answer.json()["user"]["email"] == "New@Example.com"


def test_users_sync_update_gives_a_user_an_external_id_once(alice: Any, bob: Any) -> None:
    assert sync("update", id=alice.pk, external_id="c-1").json()["user"]["external_id"] == "c-1"
    assert sync("update", id=alice.pk, external_id="c-1").status_code == 200
    assert code_of(sync("update", id=alice.pk, external_id="c-2")) == (409, "external_id_mismatch")
    assert code_of(sync("update", id=bob.pk, external_id="c-1")) == (409, "external_id_taken")
    assert code_of(sync("deactivate", id=bob.pk, external_id="c-1")) == (409, "external_id_mismatch")
    assert list(User.objects.order_by("pk").values_list("external_id", "is_active")) == [("c-1", True), (None, True)]


@pytest.mark.parametrize("action", ["update", "deactivate"])
@pytest.mark.parametrize("whom", [{"id": 2_147_483_647}, {"external_id": "nobody"}])
def test_users_sync_does_not_find_who_is_not_there(db: None, action: str, whom: dict[str, Any]) -> None:
    assert code_of(sync(action, **whom, first_name="x")) == (404, "user_not_found")


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_users_sync_neither_touches_nor_hands_out_accounts_of_staff(db: None, right: str) -> None:
    carol = person("carol", external_id="c-9", **{right: True})
    before = User.objects.values().get()
    create = DORA | {"external_id": "c-9"}
    for answer in (
        sync("create", **create),
        sync("update", id=carol.pk, email="thief@example.com"),
        sync("update", external_id="c-9", is_active=False),
        sync("deactivate", id=carol.pk),
        send(f"/api/users/{carol.pk}/login-link", {}),
    ):
        assert code_of(answer) == (403, "staff_account")
        assert "carol" not in answer.content.decode()
    assert User.objects.values().get() == before


def test_users_sync_deactivate_may_come_again(alice: Any) -> None:
    first, again = sync("deactivate", id=alice.pk), sync("deactivate", id=alice.pk)
    assert (first.status_code, first.json()["user"]["is_active"], "already_inactive" in first.json()) == (
        200,
        False,
        False,
    )
    assert (again.status_code, again.json()) == (200, first.json() | {"already_inactive": True})


@pytest.mark.django_db(transaction=True)
def test_users_sync_create_of_twenty_copies_at_once_makes_one_user() -> None:
    answers = at_once(lambda _: sync("create", **DORA), range(20))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "names", [{"username": "dora"}, {"email": "dora@example.com"}, {"username": "dora@example.com"}]
)
def test_users_sync_create_of_two_who_want_one_name_at_once_gives_it_to_one(names: dict[str, str]) -> None:
    wishes = [DORA, {"external_id": "c-18", "username": "other", "email": "other@example.com"} | names] * 4
    statuses = {answer.status_code for answer in at_once(lambda wish: sync("create", **wish), wishes)}
    assert statuses == {200, 201, 409}
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", [{"username": "dora", "email": "x@example.com"}, {"username": "dora@example.com"}])
def test_users_sync_create_beside_one_who_is_made_past_the_panel_is_no_error_of_ours(names: dict[str, str]) -> None:
    """As by createsuperuser. Its row is not to be seen yet when the main site asks for the name."""
    is_written = Event()

    def act(who: str) -> Any:
        if who == "main site":
            is_written.wait(100)
            return sync("create", **DORA)
        with transaction.atomic():
            User.objects.create(**names)
            is_written.set()
            return wait_for(waiting)

    answer = at_once(act, ["somebody", "main site"])[1]
    assert code_of(answer) in [(409, "username_taken"), (409, "email_taken")]
