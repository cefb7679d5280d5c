"""What address a guest says that it has: workers ask for it, now and then, for addresses change. No door waits for it.

The main site's word stands. What was learnt from a guest is kept beside it (`Placement.learnt_address`), follows what the
guest says later, and goes with the guest.
"""

import logging
import time

from django.db import transaction
from django.utils import timezone

from vps import notify
from vps.db.locks import FINDING_ADDRESSES, try_lock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import HypervisorError
from vps.models import Cluster, Event, Placement, Vps
from vps.open_hypervisor import Crowded, open_hypervisor

log = logging.getLogger(__name__)

# Of one cluster so many guests are asked in one round, one after another, and none after so long: the clock rings every
# 15 s, and an agent that does not answer takes its time. That is a call each, and another where an address is news.
AT_MOST = 100
ASKS_FOR_S = 10.0


def find_addresses() -> int:
    """A round over every cluster. Returns how many addresses were learnt."""
    return sum(find_on(id) for id in Cluster.objects.active().values_list("id", flat=True))


def find_on(cluster_id: int) -> int:
    """A round over one cluster."""
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    with try_lock(FINDING_ADDRESSES, cluster_id) as is_mine:
        chosen = list(Placement.objects.to_ask_for_address(cluster, timezone.now())[:AT_MOST]) if is_mine else []
        return ask_each(cluster, chosen) if cluster and chosen else 0


def ask_each(cluster: Cluster, chosen: list[Placement]) -> int:
    until, learnt, left = time.monotonic() + ASKS_FOR_S, 0, chosen
    try:
        with open_hypervisor(cluster, for_operations=False) as hypervisor:
            note_asked(chosen)
            while left:
                first, *left = left
                learnt += find_address(first, hypervisor)
                if time.monotonic() > until:
                    break
    except Crowded as crowded:
        log.info("no addresses this time: %s", crowded.detail)
        return 0
    # Those that there was no time for keep their place in the line.
    Placement.objects.bulk_update(left, ["addresses_asked_at"])
    return learnt


def note_asked(chosen: list[Placement]) -> None:
    """All at once, and before any is asked: one whose answer nobody survives is not the first to be asked for ever."""
    Placement.objects.filter(pk__in=[one.pk for one in chosen]).update(addresses_asked_at=timezone.now())


def find_address(placement: Placement, hypervisor: Hypervisor) -> bool:
    """The address of another guest under the key is not taken: where an address is news, the guest is asked who it is."""
    ref = placement.ref
    try:
        address = next(iter(hypervisor.addresses(ref, placement.vps.ip_address)), None)
        if address is None or address == placement.vps.ip_address:
            return False
        identity = hypervisor.identity(ref)
    except HypervisorError as error:
        log.info("no address of %s: %s", placement, error.detail)
        return False
    if not placement.claim(identity):
        notify.worker("identify", placement.pk)
        return False
    return learn(placement, address)


@transaction.atomic
def learn(placement: Placement, address: str) -> bool:
    """Unless the server was bound elsewhere, or the main site has spoken, while its guest was asked."""
    vps = Vps.objects.locked_one(placement.vps_id)
    now = Placement.objects.filter(pk=placement.pk).first()
    if vps is None or now is None or not (vps.ip_address is None or vps.ip_address == now.learnt_address):
        return False
    Vps.objects.learnt_address(vps, address)
    Placement.objects.filter(pk=now.pk).update(learnt_address=address)
    Event.objects.record("vps.updated", vps, source=Event.Source.SYSTEM, changed=["ip_address"])
    return True
