"""Opens the book on some words: a dozen statements, however many words there are. services.sync.apply calls it.

Whoever writes of external ids claims them first, then locks VPSs by their ids, then takes the turn of moving guests: in
this one order nobody waits for another in a circle.
"""

from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import User
from vps.models import Cluster, ExternalId, NewestWord, Placement, Tombstone, Vps, clock
from vps.models.locks import MOVING, wait_for_turn
from vps.services.sync.book import Book
from vps.services.sync.words import Word

NEW_IDS = "SELECT nextval(pg_get_serial_sequence('vps', 'id')) FROM generate_series(1, %s)"


def open_book(words: list[Word]) -> Book:
    new_ids = iter(take_ids(sum(word.action == "create" for word in words)))
    claims = {external_id: id or next(new_ids) for external_id, id in asked_names(words).items()}
    given = ExternalId.objects.claim(claims)
    book = Book(now=clock.now(), new_ids=new_ids, claims={name: claims[name] for name in given})
    read_names(book, words)
    read_vpses(book, {word.id for word in words if word.id} | set(book.owners.values()))
    read_users(book, words)
    read_newest(book, words)
    read_places(book, words)
    return book


def take_ids(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NEW_IDS, [count])
        return [row[0] for row in cursor.fetchall()]


def asked_names(words: list[Word]) -> dict[str, int | None]:
    """External ids that a VPS may be given here: a new one (None), or the one that an update names beside it."""
    asked: dict[str, int | None] = {}
    for word in words:
        if word.external_id and (word.action == "create" or (word.action == "update" and word.id)):
            asked.setdefault(word.external_id, word.id)
    return asked


def read_names(book: Book, words: list[Word]) -> None:
    names, ids = {word.external_id for word in words if word.external_id}, {word.id for word in words if word.id}
    for known in ExternalId.objects.filter(Q(external_id__in=names) | Q(vps_id__in=ids)):
        if known.external_id not in book.claims:
            book.owners[known.external_id] = known.vps_id
            book.external_ids[known.vps_id] = known.external_id


def read_vpses(book: Book, ids: set[int]) -> None:
    book.vpses = {vps.pk: vps for vps in Vps.objects.locked(ids)} if ids else {}
    if gone := ids - set(book.vpses):
        book.stones = {stone.pk: stone.row for stone in Tombstone.objects.filter(pk__in=gone)}


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
        names, vmids = {spec.cluster for spec in wanted}, {spec.vmid for spec in wanted}
        book.clusters = {cluster.name: cluster for cluster in Cluster.objects.filter(name__in=names)}
        asked |= Q(cluster__name__in=names, vmid__in=vmids)
    found = list(Placement.objects.filter(asked)) if wanted or book.vpses else []
    book.places = {place.vps_id: place for place in found if place.vps_id in book.vpses}
    book.guests = {(place.cluster_id, place.vmid): place.vps_id for place in found}
