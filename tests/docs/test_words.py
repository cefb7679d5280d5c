"""What documents call by the name that stands on a page is called so there: buttons, lists and states, in Russian."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.contrib import admin
from django.utils import translation

from launcher.children import ROOT
from tests.docs.blocks import DOCUMENTS, without_code
from vps.operations.verbs import VERBS

QUOTED = re.compile("«([^»]+)»")
# What stands between the same marks and is on no page of the panel.
OTHERS = {
    *("Управлять", "сообщить панели", "Исправить", "Повторить", "оплачен и готов"),
    *("Кто что знает", "Если что-то не так", "CSV UTF-8", "CSV", "Текст"),
}


def words_of(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        yield from (word.lower() for word in texts)


def words_of_pages() -> set[str]:
    """Ours, and those of Django's own admin."""
    with (ROOT / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        ours = set(words_of(read_po(file, locale="ru")))
    with (Path(admin.__file__).parent / "locale/ru/LC_MESSAGES/django.mo").open("rb") as file:
        return ours | set(words_of(read_mo(file)))


def quoted(document: str) -> set[str]:
    return set(QUOTED.findall(without_code(ROOT / "docs" / document)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_what_is_on_pages_as_the_pages_do(document: str) -> None:
    known = words_of_pages()
    assert {word for word in quoted(document) - OTHERS if word.lower() not in known} == set()


def test_documents_name_the_button_that_starts_a_server_as_it_is() -> None:
    """E10: another button of that name is in the admin."""
    with translation.override("ru"):
        assert str(VERBS["start"].label) in quoted("VPS_SYNC_QUICK_START.md")


def test_others_are_all_in_the_documents() -> None:
    assert OTHERS - set().union(*map(quoted, DOCUMENTS)) == set()
