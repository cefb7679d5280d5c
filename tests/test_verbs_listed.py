"""No list or table in the tests has most of the verbs and not all: a new verb would be left out of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from vps.operations.verbs import VERBS

TESTS = Path(settings.BASE_DIR) / "tests"
# What stands there are the words of Proxmox VE's own API.
LEFT_OUT = "simulator/"
# Why a list has not all of them.
ALLOWED = {"chaos/field.py": "a forced stop overtakes, and each scene asks for what is let finish"}
LISTS = (ast.List, ast.Tuple, ast.Set, ast.Dict)


def texts(node: ast.AST) -> set[str]:
    """Those of a list with all lists in it; of a table its keys alone."""
    inside = [key for key in node.keys if key] if isinstance(node, ast.Dict) else list(ast.iter_child_nodes(node))
    own = {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
    return own.union(*(texts(child) for child in inside))


def lists(source: str) -> Iterator[tuple[int, set[str]]]:
    """Where each outermost list stands, and which verbs it has."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, LISTS):
            yield getattr(node, "lineno", 0), texts(node) & set(VERBS)
        if not isinstance(node, LISTS) or isinstance(node, ast.Dict):
            waiting += ast.iter_child_nodes(node)


def incomplete(source: str) -> list[tuple[int, set[str]]]:
    """Where most verbs stand and some are missing: which ones."""
    return [(line, set(VERBS) - named) for line, named in lists(source) if len(VERBS) // 2 < len(named) < len(VERBS)]


def test_verbs_listed_in_a_test_are_all_there_are() -> None:
    files = {str(path.relative_to(TESTS)): path for path in sorted(TESTS.rglob("*.py"))}
    found = {name: incomplete(path.read_text()) for name, path in files.items() if not name.startswith(LEFT_OUT)}
    assert {name: lines for name, lines in found.items() if lines and name not in ALLOWED} == {}
    assert {name for name in ALLOWED if found[name]} == set(ALLOWED), "a reason that is needed no more"


@pytest.mark.parametrize(
    "written",
    [
        "{names}",
        "[{names}]",
        "{{{names}}}",
        "call({names}, [{names}])",
        "[(1, name) for name in ({names})]",
    ],
)
def test_verbs_listed_without_one_are_found(written: str) -> None:
    *most, missing = VERBS
    (found,) = incomplete("\n" + written.format(names=", ".join(map(repr, most))))
    assert found == (2, {missing})


def test_verbs_listed_as_keys_without_one_are_found_and_all_of_them_are_none() -> None:
    *most, missing = VERBS
    assert incomplete(repr(dict.fromkeys(most, 0))) == [(1, {missing})]
    assert incomplete(repr([(at, [name]) for at, name in enumerate(most)])) == [(1, {missing})]
    assert incomplete(repr(dict.fromkeys(VERBS, missing))) == []
    assert incomplete(repr(list(VERBS))) == []
