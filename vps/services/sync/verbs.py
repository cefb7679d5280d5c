"""create, update and delete, each played on the book: it is looked at in full before anything in it changes.

Each gives what became of the word, or raises the PanelError that says why nothing did.
"""

from collections.abc import Callable
from datetime import timedelta

from vps.errors import ExternalIdMismatch, ExternalIdTaken, UnknownUser, VpsNotFound
from vps.models import Vps
from vps.services.sync import places
from vps.services.sync.book import Book
from vps.services.sync.words import Done, Word
from web.errors import InvalidInput

# A clock that is further ahead would keep out every later word.
AHEAD = timedelta(minutes=5)


def create(book: Book, word: Word) -> Done:
    """Raises VpsDeleted, UnknownUser, UnknownCluster, PlacementTaken, InvalidInput."""
    name = word.external_id
    if name in book.owners:
        return Done(book.row(book.vps(book.owners[name])))
    refuse_unsound(book, word)
    cluster = places.cluster_of(book, word.placement)
    id = book.claims[name] if name else next(book.new_ids)
    vps = Vps(id=id, created_at=book.now, updated_at=book.now, **word.columns)
    places.refuse_taken(book, vps, cluster, word.placement)
    book.vpses[id] = book.created[id] = vps
    book.name(id, name)
    remember(book, word, id)
    book.tell("vps.created", vps, status=vps.status)
    places.move(book, vps, cluster, word.placement)
    return Done(book.row(vps), is_new=True)


def update(book: Book, word: Word) -> Done:
    """Raises VpsNotFound, VpsDeleted, ExternalIdTaken, ExternalIdMismatch and what `create` does."""
    vps = book.vps(target(book, word))
    refuse_unsound(book, word)
    if word.occurred_at and word.occurred_at < book.newest.get(vps.pk, word.occurred_at):
        return Done(book.row(vps), is_applied=False)
    cluster = places.cluster_of(book, word.placement)
    places.refuse_taken(book, vps, cluster, word.placement)
    if word.external_id not in book.owners:
        book.name(vps.pk, word.external_id)
    remember(book, word, vps.pk)
    changes = change(book, word, vps)
    is_moved = places.move(book, vps, cluster, word.placement)
    warnings = () if is_moved else places.doubts(book, vps, word.placement)
    return Done(book.row(vps), changes=changes, is_moved=is_moved, warnings=warnings)


def delete(book: Book, word: Word) -> Done:
    """A repeat is told that it is done. Raises VpsNotFound, ExternalIdMismatch."""
    id = target(book, word)
    if id in book.stones:
        return Done(book.stones[id], was_deleted=True)
    vps = book.vps(id)
    row = book.row(vps)
    book.tell("vps.deleted", vps, name=vps.name)
    places.leave(book, id)
    del book.vpses[id]
    book.stones[id] = book.deleted[id] = row
    book.changed.pop(id, None)
    return Done(row, is_deletion=True)


def target(book: Book, word: Word) -> int:
    """Which VPS is meant. An update may give one that has none its external_id."""
    owner = book.owners.get(word.external_id or "")
    if not word.id:
        if owner is None:
            raise VpsNotFound(f"There is no VPS with external_id {word.external_id!r}.")
        return owner
    if word.external_id and owner != word.id:
        if owner is not None:
            raise ExternalIdTaken if word.action == "update" else ExternalIdMismatch
        if word.action == "delete" or word.id in book.external_ids:
            raise ExternalIdMismatch
    return word.id


def refuse_unsound(book: Book, word: Word) -> None:
    user_id = word.columns.get("user_id")
    if user_id is not None and user_id not in book.users:
        sentence = f"There is no user {user_id}."
        raise UnknownUser(sentence, errors={"vps.user_id": [sentence]})
    if word.occurred_at and word.occurred_at > book.now + AHEAD:
        sentence = "Must not lie in the future: please set the clock of the calling host."
        raise InvalidInput(f"Invalid request: occurred_at: {sentence}", errors={"occurred_at": [sentence]})


def remember(book: Book, word: Word, id: int) -> None:
    if word.occurred_at:
        book.newest[id] = book.newer[id] = word.occurred_at


def change(book: Book, word: Word, vps: Vps) -> dict[str, tuple[object, object]]:
    """Which columns change, as (was, is). A new owner's pages are told, and those of the one before."""
    columns = word.columns.items()
    changes = {name: (getattr(vps, name), value) for name, value in columns if getattr(vps, name) != value}
    book.told.append((vps.pk, vps.user_id))
    if "ip_address" in word.columns:
        places.said_address(book, vps)
    for name, (_, value) in changes.items():
        setattr(vps, name, value)
    if changes:
        vps.updated_at = book.now
        book.changed[vps.pk] = vps
        book.tell("vps.updated", vps, changed=sorted(changes))
    return changes


VERBS: dict[str, Callable[[Book, Word], Done]] = {"create": create, "update": update, "delete": delete}
