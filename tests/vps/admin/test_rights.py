"""Who gives rights: superusers, and nobody to themselves. Dave is staff with every right over people, and no superuser."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD, person

PEOPLE = [
    "add_user",
    "change_user",
    "delete_user",
    "view_user",
    "add_group",
    "change_group",
    "delete_group",
    "view_group",
]
RIGHTS = {"is_staff": "on", "is_superuser": "on"}
NEW_PASSWORD = {"usable_password": "true", "password1": "quite long 1", "password2": "quite long 1"}


@pytest.fixture
def dave(db: None) -> Any:
    made = person("dave", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=PEOPLE))
    return made


@pytest.fixture
def staff(as_user: Any, dave: Any) -> Any:
    return as_user(dave)


@pytest.fixture
def rights(db: None) -> dict[str, Any]:
    """All there are, as a form sends them."""
    group = Group.objects.create(name="everything")
    group.permissions.set(Permission.objects.all())
    return RIGHTS | {"groups": [group.pk], "user_permissions": list(Permission.objects.values_list("pk", flat=True))}


def page(user: Any, path: str = "change/") -> str:
    return f"/admin/accounts/user/{user.pk}/{path}"


def form_of(user: Any, **changes: Any) -> dict[str, Any]:
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, "email": user.email, "is_active": "on"} | joined | changes


def rights_of(user: Any) -> tuple[Any, ...]:
    now = User.objects.get(pk=user.pk)
    return now.is_staff, now.is_superuser, now.groups.count(), now.user_permissions.count()


def test_user_admin_lets_staff_give_themselves_no_right(staff: Any, dave: Any, rights: Any) -> None:
    """D3: superuser on one's own form."""
    before = rights_of(dave)
    seen = staff.get(page(dave))
    assert seen.status_code == 200
    assert dave.password.rpartition("$")[2] not in seen.content.decode(), "who may look reads no hash"
    assert staff.post(page(dave), form_of(dave, **rights)).status_code == 403
    assert rights_of(dave) == before


def test_user_admin_lets_staff_give_a_customer_no_right_and_change_what_else_there_is(
    staff: Any, alice: Any, rights: Any
) -> None:
    """D3's sibling: a customer of one's own, made staff."""
    assert staff.post(page(alice), form_of(alice, first_name="Alice", **rights)).status_code == 302
    assert rights_of(alice) == (False, False, 0, 0)
    assert User.objects.get(pk=alice.pk).first_name == "Alice"
    assert staff.post(page(alice, "password/"), NEW_PASSWORD).status_code == 302


def test_user_admin_lets_staff_add_customers_and_nobody_with_rights(staff: Any, rights: Any) -> None:
    form = {"username": "dora", "email": "dora@example.com"} | NEW_PASSWORD
    assert staff.post("/admin/accounts/user/add/", form | rights).status_code == 302
    assert rights_of(User.objects.get(username="dora")) == (False, False, 0, 0)


@pytest.mark.parametrize(
    "columns", [{"is_superuser": True}, {"is_superuser": True, "is_staff": True}, {"is_staff": True}]
)
@pytest.mark.parametrize("path", ["change/", "password/", "delete/"])
def test_user_admin_lets_superusers_alone_touch_who_has_rights(
    staff: Any, as_user: Any, carol: Any, columns: dict[str, bool], path: str
) -> None:
    """D3: by no form, of a password neither; other staff are siblings of superusers, whose rights may be more."""
    erin = person("erin", **columns)
    forms = {
        "change/": form_of(erin, email="dave@example.net", is_active=""),
        "password/": NEW_PASSWORD,
        "delete/": {"post": "yes"},
    }
    before = User.objects.values().get(pk=erin.pk)
    assert staff.get(page(erin, "password/")).status_code == 403
    assert staff.get(page(erin, "delete/")).status_code == 403
    assert staff.post(page(erin, path), forms[path]).status_code == 403
    assert User.objects.values().get(pk=erin.pk) == before
    assert as_user(carol).post(page(erin, path), forms[path]).status_code == 302
    assert User.objects.filter(pk=erin.pk).values().first() != before


def test_user_admin_deletes_nobody_with_rights_in_bulk(staff: Any, alice: Any, bob: Any, carol: Any) -> None:
    """D3: the list's action, on a superuser among customers."""
    form = {"action": "delete_selected", "post": "yes"}
    staff.post("/admin/accounts/user/", form | {"_selected_action": [alice.pk, carol.pk]})
    assert User.objects.filter(pk__in=[alice.pk, carol.pk]).count() == 2
    staff.post("/admin/accounts/user/", form | {"_selected_action": [bob.pk]})
    assert not User.objects.filter(pk=bob.pk).exists()


def test_group_admin_lets_staff_change_no_group(staff: Any, dave: Any) -> None:
    """D3's sibling: a right given to a group of one's own."""
    group = Group.objects.create(name="support")
    dave.groups.add(group)
    everything = list(Permission.objects.values_list("pk", flat=True))
    form = {"name": "support", "permissions": everything}
    assert staff.get("/admin/auth/group/").status_code == 200
    assert staff.post(f"/admin/auth/group/{group.pk}/change/", form).status_code == 403
    assert staff.post("/admin/auth/group/add/", form | {"name": "more"}).status_code == 403
    assert staff.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}).status_code == 403
    staff.post("/admin/auth/group/", {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"})
    assert [(one.name, one.permissions.count()) for one in Group.objects.all()] == [("support", 0)]


def test_user_admin_lets_a_superuser_give_rights_and_withdraw_them(
    as_user: Any, carol: Any, dave: Any, rights: Any
) -> None:
    admin = as_user(carol)
    assert admin.post(page(dave), form_of(dave, **rights)).status_code == 302
    assert rights_of(dave)[:3] == (True, True, 1)
    assert admin.post(page(dave), form_of(dave)).status_code == 302
    assert rights_of(dave) == (False, False, 0, 0)


def test_own_password_is_written_by_staff_where_everybody_does(staff: Any, dave: Any) -> None:
    form = {"old_password": PASSWORD, "new_password1": "quite long 1", "new_password2": "quite long 1"}
    assert staff.post("/profile/password/", form).status_code == 302
    assert User.objects.get(pk=dave.pk).check_password("quite long 1")


def test_users_sync_gives_no_rights_and_touches_nobody_who_has_any(main_site: Any, settings: Any, dave: Any) -> None:
    """D3's sibling: by the key."""
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
    body = {"action": "update", "user": {"id": dave.pk, "email": "new@example.com", "is_superuser": True}}
    assert client.post("/api/users/sync", body, content_type="application/json").status_code in (403, 409)
    new = {"external_id": "7", "username": "erin", "email": "erin@example.com"} | {
        "is_staff": True,
        "is_superuser": True,
    }
    answer = client.post("/api/users/sync", {"action": "create", "user": new}, content_type="application/json")
    assert answer.status_code == 201
    assert rights_of(User.objects.get(username="erin")) == (False, False, 0, 0)
