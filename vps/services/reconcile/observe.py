"""Make what we show what is: one call a cluster, only what changed is written. The clock and "Test connection" call it.

It never creates or deletes a VPS, and never moves one out of creating, suspended or error.
"""

import logging
import random
from dataclasses import replace

from django.utils import timezone

from vps import notify
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import NOT_SAID, Guest, HypervisorError, Power
from vps.models import Cluster, ClusterNode, Operation, clock
from vps.models.locks import RECONCILE_OF_CLUSTER, turn
from vps.reach import reach
from vps.services.reconcile.compare import Change, Known, changes, doubtful, nodes_back, present, returned, unheard
from vps.services.reconcile.doubt import not_believed
from vps.services.reconcile.learn import known_of, learn_all
from vps.services.reconcile.remember import remember
from vps.services.reconcile.rights import rights_if_due

log = logging.getLogger(__name__)

# Of guests that are back, so many are asked who they are in one round: each costs the cluster two calls.
MOST_IDENTIFIED = 50


def reconcile(cluster_id: int) -> int:
    """Hear one cluster out. Returns the number of placements that changed; a cluster that is silent is marked so."""
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    if cluster is None:
        return 0
    with turn(RECONCILE_OF_CLUSTER, cluster.pk) as is_mine:
        return hear_out(cluster) if is_mine else 0


def hear_out(cluster: Cluster) -> int:
    try:
        with reach(cluster) as hypervisor:
            return take_in(cluster, hypervisor)
    except HypervisorError as error:
        log.info("%s was not heard: %s", cluster, error.detail)
        return 0


def take_in(cluster: Cluster, hypervisor: Hypervisor) -> int:
    """What we know is read before the list is: a guest that is bound meanwhile may be newer than the list."""
    known = list(known_of(cluster))
    guests = {guest.ref.vmid: guest for guest in hear(cluster, hypervisor)}
    # Looks were written by the database's clock, which is not this host's.
    now = clock.now() if any(row.looked_at for row in known) else timezone.now()
    for row in doubtful(known, guests, now):
        guests[row.vmid] = look_again(hypervisor, guests[row.vmid])
    nodes: dict[str, Hypervisor] = {}
    for row in unheard(known, guests):
        guests[row.vmid] = ask_its_node(hypervisor, guests[row.vmid], nodes)
    rights, told = rights_if_due(cluster, hypervisor, known)
    unseen = not_believed(cluster, hypervisor, rights, known, guests)
    learnt = learn_all(cluster, list(changes(known, guests, unseen)))
    Cluster.objects.heard_out(cluster.pk, **told)
    pass_on(cluster, learnt, list(returned(known, guests)))
    own = {row.placement_id: guest for row, guest in present(known, guests)}
    remember(cluster, guests.values(), {row.placement_id: own.get(row.placement_id) for row in known})
    return len(learnt)


def hear(cluster: Cluster, hypervisor: Hypervisor) -> list[Guest]:
    """The list first: where that is refused, another answer must not make the cluster look well."""
    guests = hypervisor.guests()
    if not cluster.is_fresh(timezone.now()) or not cluster.version:
        Cluster.objects.filter(pk=cluster.pk).update(version=hypervisor.version())
    return guests


def look_again(hypervisor: Hypervisor, guest: Guest) -> Guest:
    """A guest whose node does not answer is not known, whatever the list remembers."""
    try:
        return replace(guest, power=hypervisor.look(guest.ref).power)
    except HypervisorError as error:
        log.info("%s does not answer: %s", guest.ref, error.detail)
        return replace(guest, power=Power.UNKNOWN, usage=NOT_SAID)


def ask_its_node(hypervisor: Hypervisor, guest: Guest, nodes: dict[str, Hypervisor]) -> Guest:
    """A node whose reports do not come is asked for all of its guests at once: there may be a hundred of them."""
    node = nodes.setdefault(guest.ref.node, hypervisor.listed(guest.ref.node, timezone.now()))
    try:
        return replace(guest, power=node.glance(guest.ref).power)
    except HypervisorError as error:
        log.info("%s does not answer: %s", guest.ref, error.detail)
        return guest


def pass_on(cluster: Cluster, learnt: list[Change], back: list[Known]) -> None:
    """Tell those whom it concerns. Who is back and is not asked now may be in the next round: not the same each time."""
    if nodes := nodes_back(learnt):
        ClusterNode.objects.filter(name__in=nodes).ask_all_at_once(cluster.pk)
        Operation.objects.on(cluster.pk).wake()
    notify.many_pages([(change.known.vps_id, change.known.user_id) for change in learnt])
    chosen = random.sample(back, min(len(back), MOST_IDENTIFIED))
    notify.workers("identify", [row.placement_id for row in chosen])
