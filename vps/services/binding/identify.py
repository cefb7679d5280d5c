"""Ask bound guests who they are: those that nobody has asked yet, and those that another was found for. Workers call it."""

import logging

from vps import notify
from vps.hypervisor.base import HypervisorError
from vps.models import Placement
from vps.models.recognition import recognise
from vps.open_hypervisor import Crowded, open_hypervisor

log = logging.getLogger(__name__)

# Where a cluster has no slot free, it is asked again after so many seconds.
CROWDED_S = 2.0


def identify(placement_id: int) -> None:
    """Take what tells this guest from others, once, and its power; later, see whether it is still the one.

    A cluster that does not answer is asked again later.
    """
    placement = Placement.objects.select_related("vps", "cluster").filter(pk=placement_id).first()
    if placement is None:
        return
    ref = placement.ref
    try:
        with open_hypervisor(placement.cluster, for_operations=False) as hypervisor:
            look, marks = hypervisor.look(ref), hypervisor.identity(ref)
    except Crowded:
        notify.worker("identify", placement_id, after_seconds=CROWDED_S)
    except HypervisorError as error:
        log.warning("%s is not identified yet: %s", placement, error.detail)
    else:
        vps = recognise(placement, marks, power=look.power, node=look.node) or placement.vps
        notify.pages(vps.pk, vps.user_id)


def identify_rest(at_most: int = 20) -> None:
    """Some of those whose cluster did not answer when they were bound, or whose key named another guest.

    The order is another each time, so that nobody is always the last.
    """
    for id in Placement.objects.to_identify().order_by("?").values_list("id", flat=True)[:at_most]:
        notify.worker("identify", id)
