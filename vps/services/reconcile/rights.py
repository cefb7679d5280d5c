"""What a cluster's token may do, asked for now and then and kept for staff. For `observe`.

A token that has lost its rights gets shorter lists and no error, so the lists alone cannot tell.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from vps.guests import GuestRef
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import HypervisorError, Need, Rights
from vps.models import Cluster
from vps.services.reconcile.brief import Brief

log = logging.getLogger(__name__)

ASKED_EVERY = timedelta(minutes=10)


# What the token may do, None where that was not asked or not said; and what is to be kept of it, as columns of Cluster.
RightsAnswer = tuple[Rights | None, dict[str, Any]]


def rights_if_due(cluster: Cluster, hypervisor: Hypervisor, brief: list[Brief]) -> RightsAnswer:
    asked_at = cluster.rights_asked_at
    is_due = asked_at is None or timezone.now() - asked_at > ASKED_EVERY
    return ask(cluster, hypervisor, brief) if is_due else (None, {})


def ask(cluster: Cluster, hypervisor: Hypervisor, brief: list[Brief]) -> RightsAnswer:
    """Where it would not say, what it said before stands."""
    asked = {"rights_asked_at": Now()}
    try:
        rights = hypervisor.rights()
    except HypervisorError as error:
        log.warning("%s does not say what its token may do: %s", cluster, error.detail)
        return None, asked
    return rights, asked | {"lacking": list(lacks(rights, [row.ref for row in brief]))}


def lacks(rights: Rights, bound: list[GuestRef]) -> Iterator[dict[str, Any]]:
    """Of each need that is not met everywhere, on how many guests. Where none is bound, it has to be met somewhere."""
    for need in Need:
        without = sum(not rights.may(need, ref) for ref in bound)
        if without or not (bound or rights.may(need)):
            yield {"need": str(need), "privilege": rights.name(need), "guests": without, "of": len(bound)}
