"""A placement as the main site is shown it: in the words by which it names one itself. The endpoints of the key call it."""

from typing import Annotated, NotRequired, TypedDict

from vps.models.placement import Placement
from web.openapi.shapes import one_of, text, whole


class PlacementShape(TypedDict):
    """Which guest it is."""

    cluster: Annotated[str, text("The cluster's name, as staff gave it.", "main")]
    node: Annotated[str, text("The node where it was last seen; empty where its hypervisor has none.", "pve1")]
    kind: Annotated[str, one_of("A virtual machine, or a container.", Placement.Kind.values)]
    vmid: NotRequired[Annotated[int, whole("Its number there.", 107, minimum=1)]]
    guest: NotRequired[Annotated[str, text("Its name there, where that is no number.", "4c4c4544-0042-4810")]]


def for_main_site(placement: Placement) -> PlacementShape:
    """On the node where the guest was last seen, which need not be the one that the main site has named."""
    where: PlacementShape = {"cluster": placement.cluster.name, "node": placement.node, "kind": placement.kind}
    if placement.vmid is None:
        return {**where, "guest": placement.guest}
    return {**where, "vmid": placement.vmid}
