"""Whether guests that a list leaves out are to be taken for gone. For `observe`.

A list is short without an error where the token may not see the guests, and where the cluster has lost itself. Nobody's
server is gone for that: what is not believed is not known.
"""

import logging
from datetime import timedelta

from vps.db import clock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Guest, HypervisorError, Need, Rights
from vps.models import Cluster
from vps.models.cluster_trouble import COLLAPSED, NO_RIGHTS, NOT_STATED
from vps.services.reconcile.brief import Brief
from vps.services.reconcile.compare import Known, unlisted
from vps.services.reconcile.rights import ask

log = logging.getLogger(__name__)

# So many that leave at once, if they are most of all, are not taken for gone before they have been away for so long.
MANY = 2
BELIEVED_AFTER = timedelta(seconds=60)
# Of these so many are asked themselves: a list that leaves out what answers is wrong, however long.
ASKED_THEMSELVES = 3


def not_believed(
    cluster: Cluster,
    hypervisor: Hypervisor,
    rights: Rights | None,
    known: list[Known],
    guests: dict[str, Guest],
    brief: list[Brief],
) -> set[int]:
    """The placements whose guests are not in the list and are not taken for gone. Costs a call where any is not in it."""
    gone = unlisted(known, guests)
    if not gone:
        return believed(cluster)
    bound = len(brief) - sum(row.is_missing for row in known)
    why, unseen = reason(cluster, hypervisor, rights or ask_rights(cluster, hypervisor, brief), gone, bound)
    if not unseen:
        return believed(cluster)
    log.warning("%s lists %s of its guests not, and is not believed: %s", cluster, len(unseen), why)
    cluster.doubt_list({"why": why, "unseen": len(unseen), "bound": bound})
    return {row.placement_id for row in unseen}


def ask_rights(cluster: Cluster, hypervisor: Hypervisor, brief: list[Brief]) -> Rights | None:
    rights, columns = ask(cluster, hypervisor, brief)
    Cluster.objects.filter(pk=cluster.pk).update(**columns)
    return rights


def believed(cluster: Cluster) -> set[int]:
    if cluster.doubted_since:
        cluster.believe_list()
    return set()


def reason(
    cluster: Cluster, hypervisor: Hypervisor, rights: Rights | None, gone: list[Known], bound: int
) -> tuple[str, list[Known]]:
    """Why which of them are not taken for gone; none of them where there is no reason not to."""
    if rights is None:
        return NOT_STATED, gone
    if hidden := [row for row in gone if not rights.may(Need.SEE, row.ref)]:
        return NO_RIGHTS, hidden
    if cluster.doubt and cluster.doubt["why"] != COLLAPSED:
        # It may see them since a moment, and the list is older than that.
        return COLLAPSED, gone
    is_collapse = len(gone) >= MANY and 2 * len(gone) > bound
    if is_collapse and (is_recent(cluster) or is_contradicted(hypervisor, gone)):
        return COLLAPSED, gone
    return "", []


def is_recent(cluster: Cluster) -> bool:
    return cluster.doubted_since is None or clock.now() - cluster.doubted_since < BELIEVED_AFTER


def is_contradicted(hypervisor: Hypervisor, gone: list[Known]) -> bool:
    return any(answers(hypervisor, row) for row in gone[:ASKED_THEMSELVES])


def answers(hypervisor: Hypervisor, known: Known) -> bool:
    try:
        hypervisor.look(known.ref)
    except HypervisorError:
        return False
    return True
