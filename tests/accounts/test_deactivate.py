"""Whoever is deactivated is out, and what was open stays shut when they are let in again."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import sync
from tests.conftest import PASSWORD, person


def by_main_site(user: Any, is_active: bool) -> None:
    if is_active:
        sync("update", id=user.pk, is_active=True)
    else:
        sync("deactivate", id=user.pk)


def by_update(user: Any, is_active: bool) -> None:
    sync("update", id=user.pk, is_active=is_active)


def form_of(user: Any, **changes: Any) -> dict[str, Any]:
    moment = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    form = {"username": user.username, "email": user.email, "is_active": "on"} | moment | changes
    return {name: value for name, value in form.items() if value is not None}


@pytest.fixture
def by_staff(as_user: Any, carol: Any) -> Any:
    admin = as_user(carol)

    def set_active(user: Any, is_active: bool) -> None:
        form = form_of(user, is_active="on" if is_active else None)
        assert admin.post(f"/admin/accounts/user/{user.pk}/change/", form).status_code == 302

    return set_active


def out_by_hand(user: Any, is_active: bool) -> None:
    """In the database; the letting in again goes through the panel."""
    if is_active:
        by_update(user, True)
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)


def in_by_hand(user: Any, is_active: bool) -> None:
    if is_active:
        User.objects.filter(pk=user.pk).update(is_active=True)
    else:
        by_main_site(user, False)


WAYS = {"main site": by_main_site, "update": by_update, "out by hand": out_by_hand, "in by hand": in_by_hand}


@pytest.mark.parametrize("way", [*WAYS, "staff"])
def test_deactivate_ends_tokens_and_sessions_which_stay_dead(
    way: str, alice: Any, as_user: Any, with_token: Any, by_staff: Any
) -> None:
    set_active = (WAYS | {"staff": by_staff})[way]
    login = {"username": "alice", "password": PASSWORD}
    pair = Client().post("/api/auth/login", login, content_type="application/json").json()
    refresh = {"refresh": pair["refresh"]}
    program, browser = Client(headers={"authorization": f"Bearer {pair['access']}"}), as_user(alice)
    assert (program.get("/api/auth/me").status_code, browser.get("/profile/").status_code) == (200, 200)
    for is_active in (False, True):
        set_active(alice, is_active)
        assert program.get("/api/auth/me").status_code == 401
        assert browser.get("/profile/").status_code == 302
        assert Client().post("/api/auth/refresh", refresh, content_type="application/json").status_code == 401
    assert with_token(alice).get("/api/auth/me").status_code == 200


def test_deactivate_ends_a_login_link_which_stays_dead(alice: Any, link_for: Any) -> None:
    link = link_for(alice)
    for is_active in (False, True):
        by_update(alice, is_active)
        assert Client().get(link).status_code == 410
        assert Client().post(link).status_code == 410


def test_user_admin_ends_no_session_by_another_change(alice: Any, as_user: Any, carol: Any) -> None:
    browser = as_user(alice)
    as_user(carol).post(f"/admin/accounts/user/{alice.pk}/change/", form_of(alice, first_name="A."))
    alice.refresh_from_db()
    assert alice.first_name == "A."
    assert browser.get("/profile/").status_code == 200


class Deactivating(MD5PasswordHasher):
    """Hashing takes a while, in which much can happen."""

    def encode(self, password: str, salt: str) -> str:
        by_main_site(User.objects.get(), False)
        return super().encode(password, salt)


def test_deactivate_holds_though_the_password_is_being_changed(alice: Any, as_user: Any, settings: Any) -> None:
    browser = as_user(alice)
    settings.PASSWORD_HASHERS = [f"{__name__}.Deactivating"]
    form = {"old_password": PASSWORD, "new_password1": "quite another 1", "new_password2": "quite another 1"}
    assert browser.post("/profile/password/", form).status_code == 302
    changed = User.objects.get()
    assert changed.password != alice.password
    assert not changed.is_active
    assert browser.get("/profile/").status_code == 302


@pytest.mark.parametrize("names", [{"username": "ALICE@example.com"}, {"email": "Bob@else.where"}])
def test_user_admin_gives_nobody_a_name_that_means_somebody_else(
    names: dict[str, str], alice: Any, carol: Any, as_user: Any
) -> None:
    person("bob@else.where")
    dave = person("dave")
    admin = as_user(carol)
    passwords = {"usable_password": "true", "password1": "quite long 1", "password2": "quite long 1"}
    new = {"username": "erin", "email": "erin@example.com"} | passwords | names
    why = "This login is already taken." if "username" in names else "Somebody has this e-mail address already."
    for path, form in (("add", new), (f"{dave.pk}/change", form_of(dave, **names))):
        before = list(User.objects.order_by("pk").values("username", "email"))
        page = admin.post(f"/admin/accounts/user/{path}/", form).content.decode()
        assert why in page
        assert list(User.objects.order_by("pk").values("username", "email")) == before


def test_users_table_gives_nobody_a_name_that_means_somebody_else(alice: Any, bob: Any) -> None:
    User.objects.filter(pk=bob.pk).update(username="bob@else.where")
    for username, email in (("ALICE@example.com", "x@example.com"), ("x", "Bob@Else.where")):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(username=username, email=email)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE users SET username = 'alice@EXAMPLE.com' WHERE id = %s", [bob.pk])


def test_user_admin_finds_a_user_by_the_main_sites_id(alice: Any, bob: Any, carol: Any, as_user: Any) -> None:
    sync("update", id=alice.pk, external_id="c-42")
    admin = as_user(carol)
    page = admin.get("/admin/accounts/user/?q=c-42").content.decode()
    assert "alice@example.com" in page
    assert "bob@example.com" not in page
    assert "c-42" in admin.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
