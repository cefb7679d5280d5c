"""Opens the book on some words: a dozen statements, however many words there are. services.sync.apply calls it.

Whoever writes of external ids claims them first, then locks VPSs by their ids, then takes the turn of moving guests: in
this one order nobody waits for another in a circle.
"""

from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import User
from vps.db import clock
from vps.db.locks import MOVING, wait_for_turn
from vps.models import Cluster, ExternalId, NewestWord, Placement, Tombstone, Vps
from vps.models.cluster import same_clusters
from vps.services.sync.book import Book
from vps.services.sync.words import Word

NEW_IDS = "SELECT nextval(pg_get_serial_sequence('vps', 'id')) FROM generate_series(1, %s)"


def open_book(words: list[Word]) -> Book:
    book = Book(now=clock.now())
    read_owners(book, {word.external_id for word in words if word.external_id})
    claim_names(book, words)
    ids = {word.id for word in words if word.id} | set(book.owners.values())
    read_vpses(book, ids)
    read_names(book, ids)
    read_users(book, words)
    read_newest(book, words)
    read_places(book, words)
    return book


def read_owners(book: Book, names: set[str]) -> None:
    """What an external id means is read without a lock: it never changes."""
    if names:
        book.owners |= dict(ExternalId.objects.filter(external_id__in=names).values_list("external_id", "vps_id"))


def claim_names(book: Book, words: list[Word]) -> None:
    """What somebody else claimed in between is theirs, and by now they have committed."""
    asked = asked_names(book, words)
    ids = take_ids(len(asked) + sum(word.action == "create" and not word.external_id for word in words))
    claims = dict(zip(asked, ids, strict=False))
    given = ExternalId.objects.claim(claims)
    book.claims, book.new_ids = {name: claims[name] for name in given}, iter(ids[len(asked) :])
    read_owners(book, set(asked) - given)


def asked_names(book: Book, words: list[Word]) -> list[str]:
    """External ids that mean nothing yet, and that a VPS may be given here: a new one, or one that an update names."""
    giving = (word for word in words if word.action == "create" or (word.action == "update" and word.id))
    names = dict.fromkeys(word.external_id for word in giving if word.external_id)
    return [name for name in names if name not in book.owners]


def take_ids(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NEW_IDS, [count])
        return [row[0] for row in cursor.fetchall()]


def read_vpses(book: Book, ids: set[int]) -> None:
    book.vpses = {vps.pk: vps for vps in Vps.objects.locked(ids)} if ids else {}
    if gone := ids - set(book.vpses):
        book.stones = {stone.pk: stone.row for stone in Tombstone.objects.filter(pk__in=gone)}


def read_names(book: Book, ids: set[int]) -> None:
    """Once the VPSs are locked: until then one of them may be given its external id."""
    known = ExternalId.objects.filter(vps_id__in=ids).exclude(external_id__in=book.claims) if ids else []
    book.external_ids = {name.vps_id: name.external_id for name in known}


def read_users(book: Book, words: list[Word]) -> None:
    if named := {word.columns["user_id"] for word in words if "user_id" in word.columns}:
        book.users = User.objects.staying(named)


def read_newest(book: Book, words: list[Word]) -> None:
    if book.vpses and any(word.occurred_at for word in words):
        known = NewestWord.objects.filter(vps_id__in=book.vpses)
        book.newest = dict(known.values_list("vps_id", "occurred_at"))


def read_places(book: Book, words: list[Word]) -> None:
    wanted = [word.placement for word in words if word.placement]
    asked: Any = Q(vps_id__in=book.vpses)
    if wanted:
        wait_for_turn(MOVING)
        read_clusters(book)
        asked |= Q(cluster__in=book.same, vmid__in={spec.vmid for spec in wanted})
    found = list(Placement.objects.filter(asked)) if wanted or book.vpses else []
    book.places = {place.vps_id: place for place in found if place.vps_id in book.vpses}
    book.guests = {book.guest_of(place.cluster_id, place.vmid): place.vps_id for place in found}


def read_clusters(book: Book) -> None:
    """All of them: there are few, and whichever reaches the same one may hold the guest that is meant."""
    rows = {cluster.pk: cluster for cluster in Cluster.objects.all()}
    book.same = same_clusters(rows.values())
    book.clusters = {cluster.name: rows[book.same[cluster.pk]] for cluster in rows.values()}
