"""Which guest a VPS is, by the main site's word, on the book. The verbs beside it call it."""

from vps.errors import PlacementTaken, UnknownCluster
from vps.models import Cluster, Placement, Vps
from vps.services.sync.book import Book
from vps.services.sync.words import PlacementSpec

DIFFERS = (
    "vps.placement: another machine was found there than was bound, so nothing is done to it. "
    'If it is a new one for the same customer, send "replaced": true.'
)
GONE = "vps.placement: no such guest is there now."


def cluster_of(book: Book, spec: PlacementSpec | None) -> Cluster | None:
    """The first row that reaches the cluster of this name. Raises UnknownCluster."""
    if spec is None:
        return None
    if spec.cluster not in book.clusters:
        sentence = f"There is no cluster {spec.cluster!r}."
        raise UnknownCluster(sentence, errors={"vps.placement.cluster": [sentence]})
    return book.clusters[spec.cluster]


def refuse_taken(book: Book, vps: Vps, cluster: Cluster | None, spec: PlacementSpec | None) -> None:
    """Raises PlacementTaken."""
    if cluster and spec and book.guests.get(book.guest_of(cluster.pk, spec.vmid), vps.pk) != vps.pk:
        raise PlacementTaken


def move(book: Book, vps: Vps, cluster: Cluster | None, spec: PlacementSpec | None) -> bool:
    """Told the same again, nothing is forgotten; told of another guest, or that a new one stands there, nothing of the old
    one is kept: then True.

    The guest's identity and power are then asked for by a worker.
    """
    if cluster is None or spec is None or (is_same_place(book, vps, cluster, spec) and not spec.replaced):
        return False
    forget_learnt(book, vps, book.places.get(vps.pk))
    leave(book, vps.pk)
    place = Placement(vps_id=vps.pk, cluster=cluster, kind=spec.kind, vmid=spec.vmid, node=spec.node)
    book.places[vps.pk] = book.placed[vps.pk] = place
    book.guests[book.guest_of(cluster.pk, spec.vmid)] = vps.pk
    facts = {"cluster": cluster.name, "kind": spec.kind, "vmid": spec.vmid}
    book.tell("vps.bound", vps, **facts | ({"replaced": True} if spec.replaced else {}))
    return True


def is_same_place(book: Book, vps: Vps, cluster: Cluster, spec: PlacementSpec) -> bool:
    old = book.places.get(vps.pk)
    return old is not None and (
        book.guest_of(old.cluster_id, old.vmid) == book.guest_of(cluster.pk, spec.vmid) and old.kind == spec.kind
    )


def doubts(book: Book, vps: Vps, spec: PlacementSpec | None) -> tuple[str, ...]:
    """What the main site should know of the place that it named again. Who stands there is asked anew, for its sake."""
    place = book.places.get(vps.pk)
    if spec is None or place is None or place.pk is None:
        return ()
    book.asked.append(place.pk)
    if place.stranger:
        return (DIFFERS,)
    return (GONE,) if place.missing_since else ()


def said_address(book: Book, vps: Vps) -> None:
    """From now on its address is what the main site says, though its guest may have said the same."""
    place = book.places.get(vps.pk)
    if place and place.learnt_address:
        place.learnt_address = ""
        book.addressed.add(vps.pk)


def forget_learnt(book: Book, vps: Vps, old: Placement | None) -> None:
    """What was learnt from a guest goes with it."""
    if old and old.learnt_address and old.learnt_address == vps.ip_address:
        vps.ip_address, vps.updated_at = None, book.now
        book.changed[vps.pk] = vps
        book.tell("vps.updated", vps, changed=["ip_address"])


def leave(book: Book, id: int) -> None:
    """This VPS is no guest any more."""
    old = book.places.pop(id, None)
    if old:
        guest = book.guest_of(old.cluster_id, old.vmid)
        if book.guests.get(guest) == id:
            del book.guests[guest]
        book.placed.pop(id, None)
        book.unplaced.add(id)
