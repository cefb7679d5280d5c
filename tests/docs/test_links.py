"""Whatever a document points to is there: files, and headings in them."""

import re
from pathlib import Path

import pytest

from launcher.children import ROOT
from tests.docs.blocks import without_code

PAGES = [page for folder in (".", "docs", "clients") for page in sorted((ROOT / folder).glob("*.md"))]
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (?P<words>.+)$", re.MULTILINE)
OUTSIDE = ("https://", "http://", "mailto:")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documents_have_links_that_all_lead_somewhere(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(without_code(page))]
    assert [target for target in targets if not target.startswith(OUTSIDE) and not is_there(page, target)] == []


def is_there(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors(file))


def anchors(page: Path) -> list[str]:
    """As GitHub makes them of headings."""
    words = [found["words"].replace("`", "").lower() for found in HEADING.finditer(without_code(page))]
    return [re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in words]
