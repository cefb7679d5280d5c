"""Every kind of trouble: its number is that of the rows behind its line, to whoever may look at them."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission

from tests.conftest import person
from tests.vps.admin.reading import lines, rows
from tests.vps.attention.world import troubled
from vps.attention import KINDS
from vps.attention.reasons import REASONS
from vps.models.failures import FAILURES

__all__ = ["troubled"]

MODELS = sorted({kind.model for kind in KINDS}, key=lambda model: model.__name__)


def staff_with(as_user: Any, *codenames: str) -> Any:
    dave = person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return as_user(dave)


def test_kinds_lead_each_to_exactly_the_rows_that_they_count(troubled: None, as_user: Any, carol: Any) -> None:
    """F12."""
    admin = as_user(carol)
    found = lines(admin)
    assert list(found) == [kind.key for kind in KINDS], "all of them are there, the worst first"
    for kind in KINDS:
        listed = rows(admin, found[kind.key].address)
        assert listed == list(kind.rows().order_by("pk")), kind.key
        assert found[kind.key].count == len(listed) >= 2, kind.key
    assert found["failing-calls"].count == 60, "more than a page of them"


@pytest.mark.parametrize("model", MODELS)
def test_kinds_are_told_and_listed_by_the_right_to_look_at_their_rows(troubled: None, as_user: Any, model: Any) -> None:
    staff = staff_with(as_user, f"view_{model._meta.model_name}")
    found = lines(staff)
    assert list(found) == [kind.key for kind in KINDS if kind.model is model]
    for line in found.values():
        assert line.count == len(rows(staff, line.address)), line.key


def test_kinds_without_the_right_are_neither_told_nor_listed(troubled: None, as_user: Any) -> None:
    staff = staff_with(as_user)
    assert lines(staff) == {}
    assert "The rest is not known from here." in staff.get("/admin/").content.decode()
    addresses = {kind.model._meta.model_name for kind in KINDS if kind.model._meta.app_label == "vps"}
    assert {staff.get(f"/admin/vps/{name}/").status_code for name in addresses} == {403}


def test_a_list_that_is_asked_for_a_kind_of_another_model_shows_all(troubled: None, as_user: Any, carol: Any) -> None:
    admin = as_user(carol)
    every = rows(admin, "/admin/vps/cluster/")
    assert rows(admin, "/admin/vps/cluster/?attention=failed-operations") == every
    assert rows(admin, "/admin/vps/cluster/?attention=nonsense") == every


def test_kinds_are_told_in_russian_too(troubled: None, as_user: Any, carol: Any) -> None:
    admin = as_user(carol)
    admin.post("/language/setlang/", {"language": "ru"})
    found = lines(admin)
    titles = {key: f"{line.title} {line.age}" for key, line in found.items()}
    latin = {key: text for key, text in titles.items() if re.search(r"[A-Za-z]", text)}
    assert latin == {}
    assert found["failed-operations"].title == "Операции не удались за сутки"
    assert found["failed-operations"].detail == (
        "2 × гипервизор отклонил, 2 × занят резервной копией или другой задачей"
    )
    assert found["unbound"].detail == "2 × по имени ещё не искали"
    assert (
        found["endpoints-behind"].detail == "behind-1: 1 отправка ждёт, HTTP 503, behind-2: 1 отправка ждёт, HTTP 503"
    )


def test_kinds_tell_of_a_few_names_and_how_many_more_there_are(
    as_user: Any, carol: Any, alice: Any, make_vps: Any
) -> None:
    for number in range(6):
        make_vps(alice, name=f"broken-{number}", status="error", hypervisor="kvm")
    line = lines(as_user(carol))["error"]
    assert line.detail == "broken-0, broken-1, broken-2, broken-3, and 2 more"


def test_kinds_say_every_reason_of_a_failed_operation_in_few_words() -> None:
    assert REASONS.keys() == FAILURES.keys()
    assert [str(reason) for reason in REASONS.values() if len(str(reason)) > 50] == []


def test_kinds_have_keys_of_their_own_and_icons_that_are_published(static_files: None) -> None:
    assert len({kind.key for kind in KINDS}) == len(KINDS)
    icons = Path(settings.STATIC_ROOT) / "icons"
    assert [kind.icon for kind in KINDS if not (icons / f"{kind.icon}.svg").exists()] == []
