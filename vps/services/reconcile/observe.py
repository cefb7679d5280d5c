"""Make what we show what is: one call a cluster, only what changed is written. The clock and "Test connection" call it.

It never creates or deletes a VPS, and never moves one out of creating, suspended or error.
"""

import logging
import random
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from vps import notify, observations
from vps.db.locks import RECONCILE_OF_CLUSTER, try_lock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import NO_USAGE, Guest, HypervisorError, Power
from vps.models import Cluster, ClusterNode, Operation, Vps
from vps.open_hypervisor import open_hypervisor
from vps.services.reconcile.ask import ask_doubted, ask_longest_unasked
from vps.services.reconcile.brief import in_brief, in_full, sift
from vps.services.reconcile.compare import Change, Known, changes, nodes_back, present, returned, unreported, unsettled
from vps.services.reconcile.doubt import not_believed
from vps.services.reconcile.learn import known_of, learn_all
from vps.services.reconcile.rights import rights_if_due
from vps.services.reconcile.sightings import broken, differing, sighting, sightings
from vps.services.reconcile.store import store, store_sightings

log = logging.getLogger(__name__)

# Of guests that are back, so many are asked who they are in one round: each costs the cluster two calls.
MOST_IDENTIFIED = 50


def reconcile(cluster_id: int) -> int:
    """One round over one cluster, marked as unreachable where it does not answer. Returns how many placements changed."""
    cluster = Cluster.objects.with_time().filter(pk=cluster_id).first()
    if cluster is None:
        return 0
    began = time.monotonic()
    with try_lock(RECONCILE_OF_CLUSTER, cluster.pk) as is_mine:
        return poll(cluster, began) if is_mine else 0


def poll(cluster: Any, began: float) -> int:
    """Ask the cluster for its guests, and apply what it answers."""
    try:
        with open_hypervisor(cluster) as hypervisor:
            return apply(cluster, hypervisor, began)
    except HypervisorError as error:
        log.info("%s was not polled: %s", cluster, error.detail)
        return 0


def apply(cluster: Any, hypervisor: Hypervisor, began: float) -> int:
    """`began` is the monotonic time at which the cluster's row was read.

    What we know is read before the list is: a guest that is bound meanwhile may be newer than the list. What is quiet and
    stays so is done with at once; `known` are all others."""
    brief = list(in_brief(cluster))
    known = list(known_of(cluster, watched)) if (watched := [row.id for row in brief if not row.is_quiet]) else []
    guests = {guest.ref.key: guest for guest in fetch_guests(cluster, hypervisor)}
    # By the database's clock, by which looks were written: rounds are of many hosts, whose own are not alike.
    now = cluster.read_at + timedelta(seconds=time.monotonic() - began)
    before = observations.sightings(cluster.pk)
    after = sightings(guests.values(), before, now.timestamp())
    quiet, stirred = sift(brief, guests, broken(before, differing(before, after)))
    known += in_full(cluster, brief, stirred)
    nodes: dict[str, Hypervisor] = {}
    for row in unreported(known, guests):
        guests[row.key] = guest = ask_its_node(hypervisor, row, guests[row.key], nodes)
        after[row.key] = sighting(guest, before.get(row.key), now.timestamp())
    known, in_doubt = ask_doubted(cluster, hypervisor, known, guests, (before, after))
    for row in unsettled(known, guests, in_doubt, now, hypervisor.traits.list_lag_s):
        guests[row.key] = look_again(hypervisor, guests[row.key])
    rights, columns = rights_if_due(cluster, hypervisor, brief)
    unseen = not_believed(cluster, hypervisor, rights, known, guests, brief)
    learnt = learn_all(cluster, list(changes(known, guests, unseen, in_doubt)))
    cluster.record_list(**columns)
    announce(cluster, learnt, list(returned(known, guests)))
    there = list(present(known, guests, in_doubt))
    seen = quiet | dict(own(cluster, there))
    store(cluster, guests.values(), {row.id: seen.get(row.id) for row in brief})
    store_sightings(cluster, before, after)
    ask_longest_unasked(hypervisor, brief, quiet | {row.placement_id: guest for row, guest in there})
    return len(learnt)


def own(cluster: Cluster, present: Iterable[tuple[Known, Guest]]) -> Iterator[tuple[int, Guest]]:
    """By placement, what is surely its own. Through a second entry of a cluster a guest may be seen that another VPS has."""
    for row, guest in present:
        if row.identity or cluster.same_as_id is None:
            yield row.placement_id, guest


def fetch_guests(cluster: Cluster, hypervisor: Hypervisor) -> list[Guest]:
    """The list first: where that is refused, another answer must not make the cluster look well. Who it is, it is asked
    when it was not heard for a while, and by the hour."""
    guests = hypervisor.guests()
    if not cluster.is_known(timezone.now()):
        cluster.same_as_id = cluster.record_identity(hypervisor.version(), hypervisor.certificates())
    return guests


def look_again(hypervisor: Hypervisor, guest: Guest) -> Guest:
    """A guest whose node does not answer is not known, whatever the list remembers."""
    try:
        return guest._replace(power=hypervisor.look(guest.ref).power)
    except HypervisorError as error:
        log.info("%s does not answer: %s", guest.ref, error.detail)
        return guest._replace(power=Power.UNKNOWN, usage=NO_USAGE)


def ask_its_node(hypervisor: Hypervisor, row: Known, guest: Guest, nodes: dict[str, Hypervisor]) -> Guest:
    """A node whose reports do not come is asked for all of its guests at once: there may be a hundred of them.

    Its list does not tell a paused machine from one that runs: one that was paused is asked itself.
    """
    node = nodes.setdefault(guest.ref.node, hypervisor.listed(guest.ref.node, timezone.now()))
    asked = hypervisor.look if row.power == Power.PAUSED else node.glance
    try:
        return guest._replace(power=asked(guest.ref).power)
    except HypervisorError as error:
        log.info("%s does not answer: %s", guest.ref, error.detail)
        return guest


def is_on_though_suspended(change: Change) -> bool:
    return change.known.status == Vps.Status.SUSPENDED and change.power in (Power.RUNNING, Power.PAUSED)


def announce(cluster: Cluster, learnt: list[Change], back: list[Known]) -> None:
    """Ring for whoever waits for these changes. Of those that are back a few are asked now, others in the next round."""
    if nodes := nodes_back(learnt):
        ClusterNode.objects.filter(name__in=nodes).ask_all_at_once(cluster.pk)
        Operation.objects.on(cluster.pk).wake()
    if any(is_on_though_suspended(change) for change in learnt):
        notify.one_worker("enforce_suspensions")
    notify.many_pages([(change.known.vps_id, change.known.user_id) for change in learnt])
    chosen = random.sample(back, min(len(back), MOST_IDENTIFIED))
    notify.workers("identify", [row.placement_id for row in chosen])
