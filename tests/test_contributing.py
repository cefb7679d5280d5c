"""The lists of CONTRIBUTING.md: the paths are there, and what there is one of stands in each place that its list names."""

import inspect
import re
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from tests.test_permissions import ENDPOINTS
from tests.vps.views.test_words import PAGES
from vps.drivers import DRIVERS
from vps.hypervisor.base import Access, Hypervisor
from vps.models import Cluster, Event, Vps
from vps.models.event_shape import SHOWN

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
LISTS = dict(
    re.findall(r"^### (.*?)\n\n(.*?)(?=\n### |\Z)", TEXT.partition("\n## Where a new one goes\n")[2], re.M | re.S)
)
COLUMNS = [field.attname for field in Vps._meta.concrete_fields]
# The panel writes these alone.
NOT_WRITTEN = {"created_at", "updated_at"}
WHERE_ALL_COLUMNS_STAND = {
    "vps/api/commands.py": NOT_WRITTEN,
    "vps/api/shapes.py": set(),
    # Guests tell of their address themselves.
    **dict.fromkeys(("vps/db/digest.py", "vps/db/digest_sum.py"), NOT_WRITTEN | {"ip_address"}),
    "clients/typescript/ospab-vps-sync.ts": set(),
    "clients/python/ospab_panel_client.py": NOT_WRITTEN,
    "docs/FOR_MAIN_SITE_DEVELOPER.md": set(),
    "docs/CLIENT_VPS_INTEGRATION.md": set(),
}


def paths_of(entry: str) -> list[str]:
    return [text for text in re.findall(r"`([^`\s]+)`", entry) if "/" in text or text.endswith((".md", "file"))]


def test_contributing_has_a_list_for_each_thing_that_is_added() -> None:
    assert set(LISTS) == {"A verb", "A column of VPS", "An event", "A driver", "A page", "A mail", "A language"} | {
        "A kind of trouble",
        "A section of the board",
    }


@pytest.mark.parametrize("name", LISTS)
def test_contributing_names_paths_that_are_there(name: str) -> None:
    entries = [line for line in LISTS[name].splitlines() if line.startswith("- ")]
    assert [entry for entry in entries if not paths_of(entry)] == []
    assert [path for path in paths_of(LISTS[name]) if not (ROOT / path).exists()] == []


# A column of VPS


@pytest.mark.parametrize("path", WHERE_ALL_COLUMNS_STAND)
def test_column_of_a_vps_stands_in_every_place_of_its_list(path: str) -> None:
    assert f"`{path}`" in LISTS["A column of VPS"]
    asked = [name for name in COLUMNS if name not in WHERE_ALL_COLUMNS_STAND[path]]
    text = (ROOT / path).read_text()
    assert [name for name in asked if not re.search(rf"\b{name}\b", text)] == []


def test_column_of_a_vps_is_shown_to_staff(as_user: Any, carol: Any, alice: Any, make_vps: Any) -> None:
    page = as_user(carol).get(f"/admin/vps/vps/{make_vps(alice).pk}/change/").content.decode()
    shown = {"ip_address": "address", "user_id": "owner", "ram": "memory", "id": ""}
    assert [name for name in COLUMNS if f"field-{shown.get(name, name)}" not in page] == []


# An event


@pytest.mark.parametrize("type", Event.Type)
def test_event_stands_in_every_place_of_its_list(type: Event.Type, client: Any, db: None) -> None:
    assert type in SHOWN
    with translation.override("en"):
        english = str(type.label)
    with translation.override("ru"):
        assert str(type.label) != english
    rows = re.findall(r"^\| `.*", (ROOT / "docs/CLIENT_VPS_INTEGRATION.md").read_text(), re.M)
    assert [row for row in rows if f"`{type}`" in row.split("|")[1]]
    assert f'"{type}"' in client.get("/api/schema").content.decode()


# A driver


@pytest.mark.parametrize("name", DRIVERS)
def test_driver_has_all_that_is_asked_of_a_hypervisor(name: str) -> None:
    driver = resolve_name(DRIVERS[name])(Access((), "", ""))
    asked = {member for member in vars(Hypervisor) if not member.startswith("_")}
    assert [member for member in asked if not hasattr(type(driver), member)] == []
    for member in asked:
        face = getattr(Hypervisor, member)
        if inspect.isfunction(face):
            assert (member, kinds_of(getattr(type(driver), member))) == (member, kinds_of(face))


def kinds_of(function: Any) -> list[Any]:
    """Of its parameters, in their order: which of them are given by name alone."""
    return [parameter.kind for parameter in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", DRIVERS)
def test_driver_is_a_hypervisor_that_a_vps_and_a_cluster_may_name(name: str) -> None:
    assert name in Vps.Hypervisor.values
    assert name in dict(Cluster._meta.get_field("hypervisor").choices)


@pytest.mark.parametrize("name", sorted(set(Vps.Hypervisor.values) - set(DRIVERS)))
def test_driver_that_is_not_there_is_a_fault_of_the_form(name: str, as_user: Any, carol: Any) -> None:
    form = {"name": "new", "hypervisor": name, "hosts": "hv.example.com", "token_id": "a@b!c", "token_secret": "s"}
    page = as_user(carol).post("/admin/vps/cluster/add/", form).content.decode()
    assert "driver" in page
    assert not Cluster.objects.exists()


# A page


def test_page_of_the_panel_is_read_in_every_language() -> None:
    """A fragment is a part of a page, and what only takes a form shows none."""
    named = {re.sub(r"\{\}|\d+", "<>", page).partition("?")[0] for page in PAGES}
    fragments = {"/rows/", "/vps/<>/row/", "/vps/<>/status/", "/vps/<>/history/<>/", "/logout/", "/language/setlang/"}
    fragments |= {"/profile/email/cancel/", "/demo/mail/<>/html/", "/notices/", "/notices/seen/", "/notices/<>/seen/"}
    pages = {re.sub(r"<.*?>", "<>", f"/{route}") for route in ENDPOINTS if not route.startswith(("api/", "admin/"))}
    seen = {re.sub("/power/stop/", "/power/<>/", page).replace("/none/", "/<>/") for page in named}
    assert pages - fragments - {"/healthz", "/readyz", "/vps/<>/<>/"} <= seen


# A language


@pytest.mark.parametrize("code", dict(settings.LANGUAGES))
def test_language_has_its_catalogue_and_its_switch(code: str, client: Any, db: None) -> None:
    """English is what the code is written in."""
    assert code == "en" or (ROOT / f"locale/{code}/LC_MESSAGES/django.po").exists()
    assert code == "en" or f"-l {code} " in (ROOT / "Makefile").read_text()
    other = next(word for word in dict(settings.LANGUAGES) if word != code)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = other
    page = client.get(reverse("accounts:login")).content.decode()
    assert f'value="{code}" lang="{code}"' in page
