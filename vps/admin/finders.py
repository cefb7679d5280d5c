"""By what servers, and what happened to them, are found without reading all: for the lists beside it."""

from django.db.models import Q
from django.db.models.lookups import StartsWith

from accounts.finders import ids_of_people, of_id
from vps.models import Cluster, Event, ExternalId, Placement, Vps, WebhookEndpoint
from vps.models.vps import BY_ADDRESS, BY_NAME

# Whoever means one of more than so many writes more of its name.
SERVERS = 50


def servers(word: str) -> list[Q]:
    """By the beginning of a name or an address, by the owner, the guest's key, the id and the main site's."""
    guests = Placement.objects.filter(cluster__in=Cluster.objects.values("pk"), guest=word)
    return [
        *named(word),
        Q(StartsWith(BY_ADDRESS, word)),
        Q(user_id__in=ids_of_people(word)),
        Q(pk__in=guests.values("vps_id")),
        Q(pk__in=ExternalId.objects.meaning(word)),
    ]


def named(word: str) -> list[Q]:
    return [Q(StartsWith(BY_NAME, word.lower())), *of_id(word)]


def of_servers(word: str) -> Q:
    """Rows of the servers of that name or id: of what was deleted, the id is left."""
    first, *rest = (Vps.objects.filter(one).order_by().values_list("pk")[:SERVERS] for one in named(word))
    ids = {row[0] for row in (first.union(*rest) if rest else first)}
    return Q(vps_id__in=sorted(ids | {int(word) for _ in of_id(word)}))


def of_people(word: str, *fields: str) -> list[Q]:
    """Rows that any of these links, by its column, leads from to the people of that name."""
    ids = ids_of_people(word)
    return [Q(**{f"{field}__in": ids}) for field in fields]


def of_event(word: str) -> list[Q]:
    """Deliveries of the event at this place in the feed, each endpoint's."""
    if not (word.isascii() and word.isdigit() and len(word) < 19):
        return []
    events = Event.objects.filter(position=int(word)).values("pk")
    return [Q(endpoint__in=WebhookEndpoint.objects.values("pk"), event__in=events)]
