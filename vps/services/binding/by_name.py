"""Bind servers to the guests that bear their names, where that is sure, and tell staff why not where it is not.

A name is anybody's: the guest has to be free, never another customer's, of the size that was sold, and the only one of
its name, as far as all clusters have said; the server must be new. A worker calls it.
"""

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from vps import observations
from vps.db import clock
from vps.db.locks import BINDING_BY_NAME, try_lock
from vps.errors import AlreadyBound, PlacementTaken
from vps.hypervisor.base import Guest, HypervisorError
from vps.marks import Marks
from vps.models import Cluster, Event, FormerPlacement, Placement, Tombstone, Vps, WhyUnbound
from vps.models.cluster import same_clusters
from vps.open_hypervisor import open_hypervisor
from vps.services.binding.bind import bind

log = logging.getLogger(__name__)

# The main site makes a machine within the hour, and may push what it has before staff register its cluster.
NEW_FOR = timedelta(days=7)
# So many guests are asked who they are in one go; the others are in the next.
AT_ONCE = 50
MB = 1024**2

Reason = WhyUnbound.Reason
Why = tuple[Reason, str]


@dataclass
class Survey:
    """The guests of wanted names that no VPS is, by these: those that are `free`, and where those are that do not answer now.

    `is_complete`: all that do not answer have said their names before.
    """

    free: dict[str, list[tuple[Cluster, Guest]]] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    is_complete: bool = True


def bind_by_name() -> int:
    """Bind each unbound VPS whose name exactly one unbound guest bears, on all clusters together. Returns how many."""
    with try_lock(BINDING_BY_NAME) as is_mine:
        wanted = list(Vps.objects.unbound()) if is_mine else []
        reasons = bind_all(wanted) if wanted else {}
        if is_mine:
            WhyUnbound.objects.write(reasons)
        return len(wanted) - len(reasons)


def bind_all(unbound: list[Vps]) -> dict[int, Why]:
    """Why not, of those that were not bound."""
    if not settings.BIND_BY_NAME:
        return {vps.pk: (Reason.SWITCHED_OFF, "") for vps in unbound}
    reasons = why_not_sought(unbound)
    sought = [vps for vps in unbound if vps.pk not in reasons]
    names: dict[str, set[str]] = defaultdict(set)
    for vps in sought:
        names[vps.hypervisor].add(vps.name)
    survey = {hypervisor: survey_clusters(hypervisor, wanted) for hypervisor, wanted in names.items()}
    chosen = []
    for vps in sought:
        if why := why_not_found(vps, survey[vps.hypervisor]):
            reasons[vps.pk] = why
        else:
            chosen.append((vps, *survey[vps.hypervisor].free[vps.name][0]))
    for at, (vps, cluster, guest) in enumerate(chosen):
        why = bind_to(vps, cluster, guest) if at < AT_ONCE else (Reason.NO_ANSWER, named(cluster, guest))
        if why:
            reasons[vps.pk] = why
    return reasons


def why_not_sought(wanted: list[Vps]) -> dict[int, Why]:
    by_hand = set(Event.objects.unbound_by_hand([vps.pk for vps in wanted]))
    names = Counter((vps.hypervisor, vps.name) for vps in wanted)
    oldest = clock.now() - NEW_FOR
    found: dict[int, Why] = {}
    for vps in wanted:
        if vps.pk in by_hand:
            found[vps.pk] = (Reason.BY_HAND, "")
        elif vps.created_at < oldest:
            found[vps.pk] = (Reason.TOO_OLD, "")
        elif names[vps.hypervisor, vps.name] > 1:
            found[vps.pk] = (Reason.TWO_SERVERS, "")
    return found


def survey_clusters(hypervisor: str, wanted: set[str]) -> Survey:
    """Of this hypervisor's clusters alone, for a VPS is bound to no guest of another, and of the wanted names alone.

    A cluster or node that does not answer has said before which guests it has, and their names.
    """
    survey, same = Survey(), same_clusters(Cluster.objects.all())
    for cluster in Cluster.objects.active().filter(hypervisor=hypervisor):
        if same[cluster.pk] == cluster.pk:
            survey_cluster(survey, cluster, [id for id, first in same.items() if first == cluster.pk], wanted)
    return survey


def survey_cluster(survey: Survey, cluster: Cluster, rows: list[int], wanted: set[str]) -> None:
    """`rows` are the ids by which this cluster is registered: its guests are bound by any of them."""
    names = {key: seen[0] for key, seen in observations.sightings(cluster.pk).items()}
    try:
        with open_hypervisor(cluster) as hypervisor:
            guests = {guest.ref.key: guest for guest in hypervisor.guests()}
    except HypervisorError as error:
        log.info("%s is not heard for names: %s", cluster, error.detail)
        survey.is_complete = survey.is_complete and bool(names)
        guests = {}
        unreachable = set(names)
    else:
        unreachable = {key for key, guest in guests.items() if not guest.name}
        # A list that is not believed may leave out a second guest of a name.
        survey.is_complete = survey.is_complete and cluster.doubted_since is None
    bearing = {key for key in set(guests) - unreachable if guests[key].name in wanted}
    bound = Placement.objects.keys_among(rows, unreachable | bearing)
    for key in unreachable - bound:
        survey.is_complete = survey.is_complete and names.get(key) is not None
        survey.unreachable[names.get(key) or ""] = f"{cluster} / {key}"
    for key in bearing - bound:
        if not guests[key].is_template:
            survey.free.setdefault(guests[key].name, []).append((cluster, guests[key]))


def why_not_found(vps: Vps, survey: Survey) -> Why | None:
    if vps.name in survey.unreachable:
        return Reason.UNREACHABLE, survey.unreachable[vps.name]
    bearers = survey.free.get(vps.name, [])
    if len(bearers) > 1:
        return Reason.TWO_GUESTS, ", ".join(named(*bearer) for bearer in bearers[:2])
    if not bearers or not survey.is_complete:
        return (Reason.NO_GUEST if survey.is_complete else Reason.UNREACHABLE), ""
    cluster, guest = bearers[0]
    is_as_sold = (guest.cores, guest.usage.ram_total) == (vps.cpu, vps.ram * MB)
    return None if is_as_sold else (Reason.SIZE, named(cluster, guest))


def named(cluster: Cluster, guest: Guest) -> str:
    return f"{cluster} / {Placement.Kind.of(guest.ref.kind)}/{guest.ref.key}"


def bind_to(vps: Vps, cluster: Cluster, guest: Guest) -> Why | None:
    """Unless it was renamed, bound or deleted while the clusters were asked: another round will tell."""
    ref, where = guest.ref, named(cluster, guest)
    try:
        with open_hypervisor(cluster) as hypervisor:
            marks = hypervisor.identity(ref)
    except HypervisorError as error:
        log.info("%s was not asked who it is: %s", where, error.detail)
        return Reason.NO_ANSWER, where
    if was_anothers(vps, cluster, ref.key, marks):
        return Reason.FORMER_OWNER, where
    now = Vps.objects.filter(pk=vps.pk, name=vps.name, user=vps.user_id, cpu=vps.cpu, ram=vps.ram).first()
    if now is None:
        return Reason.NO_GUEST, where
    source = Event.Source.SYSTEM
    try:
        bind(now, cluster, ref, by=None, source=source, marks=marks)
    except (AlreadyBound, PlacementTaken) as error:
        log.info("%s is not bound to %s: %s", now, ref, error)
        return Reason.ANOTHERS, where
    return None


def was_anothers(vps: Vps, cluster: Cluster, key: str, marks: Marks) -> bool:
    """Whether this machine was another customer's, or may have been that of a server of this name that was deleted before
    it was bound to any."""
    former = FormerPlacement.objects.of_machine(cluster.twins(), key, marks)
    if former.exclude(user_id=vps.user_id).exists():
        return True
    return bool(Tombstone.objects.never_bound().of_others(vps.name, vps.user_id).exists())
