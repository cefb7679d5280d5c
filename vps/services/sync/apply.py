"""The one way by which the main site's words take effect: all of them in one transaction, each by itself or all or none."""

from django.db import transaction

from vps.services.sync.book import Book
from vps.services.sync.reading import open_book
from vps.services.sync.verbs import VERBS
from vps.services.sync.words import Done, Outcome, Word
from vps.services.sync.writing import write
from web.errors import NotApplied, PanelError


def apply(words: list[Word], *, is_atomic: bool = False) -> list[Outcome]:
    """What became of each word, in their order; a later word sees what an earlier one did.

    With `is_atomic` the first that fails undoes all: it says why, and all others are NotApplied.
    """
    with transaction.atomic():
        book = open_book(words)
        outcomes = [played(book, word) for word in words]
        failed = [outcome for outcome in outcomes if isinstance(outcome, PanelError)]
        if failed and is_atomic:
            transaction.set_rollback(True)
            return [outcome if outcome is failed[0] else NotApplied() for outcome in outcomes]
        write(book)
    return outcomes


@transaction.atomic
def say(word: Word) -> Done:
    """One word. Raises the PanelError that it came to, with nothing written."""
    book = open_book([word])
    done = VERBS[word.action](book, word)
    write(book)
    return done


def played(book: Book, word: Word) -> Outcome:
    try:
        return VERBS[word.action](book, word)
    except PanelError as error:
        return error
