"""The six documents of the main site's people: that they are there, say for whom they are, and can be run."""

import json
import re

import pytest

from launcher.children import ROOT
from tests.docs.blocks import DOCUMENTS, blocks_of, text_of


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_first_whom_they_are_for(document: str) -> None:
    title, empty, first = text_of(document).splitlines()[:3]
    assert (title[:2], empty) == ("# ", "")
    assert first.startswith("Для ")
    assert first.endswith(".")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_are_linked_from_one_another(document: str) -> None:
    assert any(f"({document}" in text_of(other) for other in DOCUMENTS if other != document)


def test_documents_checklist_has_eighty_points_and_more_each_of_its_own() -> None:
    points = re.findall(r"^- \[ \] (.+)$", text_of("INTEGRATION_CHECKLIST.md"), re.MULTILINE)
    assert len(points) >= 80
    assert len(set(points)) == len(points)


def test_documents_have_three_blocks_at_most_that_are_not_run() -> None:
    left_out = [block for document in DOCUMENTS for block in blocks_of(document) if block.reason_not_run]
    assert len(left_out) <= 3
    assert all(block.shell for block in left_out)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_have_blocks_of_kinds_that_are_looked_at(document: str) -> None:
    """Otherwise nobody would see it rot: text is drawings, sql and the like have no place here."""
    known = {"json", "text"}
    assert [block.position for block in blocks_of(document) if not block.shell and block.language not in known] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_have_json_that_is_json(document: str) -> None:
    for block in blocks_of(document):
        json.loads(block.answer if block.answer_in == "json" else block.text if block.language == "json" else "{}")


def test_documents_name_the_demo_as_it_is() -> None:
    printed = {key for document in DOCUMENTS for key in re.findall(r"your_secret_\w+", text_of(document))}
    assert printed == set(re.findall(r"your_secret_\w+", (ROOT / "README.md").read_text()))
