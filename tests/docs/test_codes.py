"""The tables of codes in the documents, against what the code can say."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

from django.contrib import admin
from rest_framework.exceptions import APIException

import accounts
import ospab_panel
import vps
import web
from launcher.children import ROOT
from ospab_panel.server import http_protocol
from tests.docs.blocks import text_of
from vps.models.failures import FAILURES
from web import error_responses
from web.errors import PanelError

ROW = re.compile(r"^\| `(?P<code>\w+)` \|", re.MULTILINE)
# The base that is never raised, what staff alone are told, and what a form of a page is told.
NOT_OF_THE_API = {"error", "already_bound", "two_secrets_live", "csrf"}
# What is told of one operation of a batch, where another is at fault.
IN_A_BATCH = {"not_applied"}
# What no application hears of.
OF_THE_SERVER = {http_protocol.TOO_LONG[2], http_protocol.MALFORMED[2], http_protocol.TOO_SLOW[2]}


def table(document: str, heading: str) -> list[str]:
    section = text_of(document).partition(f"\n{heading}\n")[2]
    rows = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0].partition("\n| ---")[2]
    return ROW.findall(rows)


def test_documents_table_of_errors_has_every_code_of_the_api_once_and_no_other() -> None:
    printed = table("FOR_MAIN_SITE_DEVELOPER.md", "## Ошибки")
    known = {*of_classes(), *of_calls(), *error_responses.CODES.values(), *IN_A_BATCH, *OF_THE_SERVER}
    assert known >= NOT_OF_THE_API, "what is left out is really there"
    assert sorted(printed) == sorted(known - NOT_OF_THE_API)


def test_documents_table_of_failures_has_every_reason_of_an_operation_once_and_no_other() -> None:
    assert sorted(table("CLIENT_VPS_INTEGRATION.md", "### Почему операция не удалась")) == sorted(FAILURES)


def test_panel_errors_are_one_family_and_none_is_an_exception_of_rest_framework() -> None:
    assert not [found for found in our_classes() if issubclass(found, APIException)]


def of_classes() -> set[str]:
    """Of every refusal that is a class of ours."""
    return {found.code for found in our_classes() if issubclass(found, PanelError)}


def our_classes() -> set[type]:
    """Pages of the admin take some of Django's away, which have to be there first."""
    admin.autodiscover()
    modules = [module for package in (accounts, ospab_panel, vps, web) for module in modules_of(package)]
    classes = {found for module in modules for found in vars(module).values() if isinstance(found, type)}
    return {
        found for found in classes if found.__module__.partition(".")[0] in ("accounts", "ospab_panel", "vps", "web")
    }


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """But for what does more than define when it is imported, and migrations."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not re.search(r"__main__|migrations|asgi|wsgi|urls", found.name):
            yield importlib.import_module(found.name)


def of_calls() -> set[str]:
    """Of what has no class: pages of failures, and bodies that cannot be read."""
    found = set()
    for path in (path for folder in ("ospab_panel", "web") for path in (ROOT / folder).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                found |= codes_of(call, call.func.id)
    return found


def codes_of(call: ast.Call, name: str) -> set[str]:
    given: list[ast.expr] = []
    if name == "page":
        given = call.args[2:3]
    elif name in ("ParseError", "PermissionDenied"):
        given = [word.value for word in call.keywords if word.arg == "code"]
    return {str(value.value) for value in given if isinstance(value, ast.Constant)}
