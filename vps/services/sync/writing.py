"""Writes what changed in the book: a statement a table, or one for each thousand rows. services.sync.apply calls it."""

from vps import notify
from vps.models import Event, ExternalId, NewestWord, Operation, Placement, Tombstone, Vps
from vps.services.sync.book import Book

AT_ONCE = 1000


def write(book: Book) -> None:
    """Whoever is made and deleted by the same words was never there, but for its tombstone and its events."""
    unplace(book)
    Vps.objects.remove([id for id in book.deleted if id not in book.created])
    Tombstone.objects.bulk_create([Tombstone(vps_id=id, row=row) for id, row in book.deleted.items()], AT_ONCE)
    Vps.objects.bulk_create([vps for id, vps in book.created.items() if id not in book.deleted], AT_ONCE)
    Vps.objects.rewrite([vps for id, vps in book.changed.items() if id not in book.created])
    write_names(book)
    NewestWord.objects.remember(book.newer)
    Placement.objects.bulk_create(book.placed.values(), AT_ONCE)
    if book.addressed:
        Placement.objects.filter(vps_id__in=book.addressed).update(learnt_address="")
    Event.objects.bulk_create(book.events, AT_ONCE)
    announce(book)


def unplace(book: Book) -> None:
    """An operation that was asked of a guest is no operation on another one."""
    if book.deleted:
        Operation.objects.cut_off(list(book.deleted), "vps_deleted")
    if moved := [id for id in book.unplaced if id not in book.deleted]:
        Operation.objects.cut_off(moved, "vps_unbound")
    if book.unplaced:
        Placement.objects.filter(vps_id__in=book.unplaced).delete()


def write_names(book: Book) -> None:
    """What was claimed for a VPS that did not come to be is free again, or means the VPS that it was given to since."""
    if unused := set(book.claims) - book.kept:
        ExternalId.objects.filter(external_id__in=unused).delete()
    ExternalId.objects.point({name: book.owners[name] for name in book.kept if book.owners[name] != book.claims[name]})


def announce(book: Book) -> None:
    notify.many_pages(list(dict.fromkeys(book.told)))
    if asked := [place.pk for place in book.placed.values()] + book.asked:
        notify.worker("identify_each", asked)
    if any(id in book.vpses and id not in book.places for id, _ in book.told):
        notify.worker("bind_by_name")
