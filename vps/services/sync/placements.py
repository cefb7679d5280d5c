"""Which guest a VPS is, as the main site says: applied to the batch, in memory. For services.sync.actions."""

from vps.errors import HypervisorMismatch, PlacementTaken, UnknownCluster
from vps.models import Cluster, Placement
from vps.models.vps import Row
from vps.services.sync.batch import Batch
from vps.services.sync.commands import PlacementSpec, SyncCommand

DIFFERS = (
    "vps.placement: another machine was found there than was bound, so nothing is done to it. "
    'If it is a new one for the same customer, send "replaced": true.'
)
GONE = "vps.placement: no such guest is there now."


def cluster_of(batch: Batch, spec: PlacementSpec | None) -> Cluster | None:
    """The first row that reaches the cluster of this name. Raises UnknownCluster."""
    if spec is None:
        return None
    if spec.cluster not in batch.clusters:
        sentence = f"There is no cluster {spec.cluster!r}."
        raise UnknownCluster(sentence, errors={"vps.placement.cluster": [sentence]})
    return batch.clusters[spec.cluster]


def refuse_unfit(batch: Batch, vps: Row, cluster: Cluster | None, command: SyncCommand) -> None:
    """A VPS that is to be moved is held against its hypervisor as the command leaves it.

    Raises PlacementTaken, HypervisorMismatch.
    """
    spec = command.placement
    if cluster is None or spec is None:
        return
    if batch.vps_id_by_guest.get(batch.guest_of(cluster.pk, spec.ref.key), vps["id"]) != vps["id"]:
        raise PlacementTaken
    hypervisor = command.columns.get("hypervisor", vps["hypervisor"])
    if is_move(batch, vps, cluster, spec) and hypervisor != cluster.hypervisor:
        sentence = f"{spec.cluster!r} is a cluster of {cluster.hypervisor}, and the VPS's hypervisor is {hypervisor}."
        raise HypervisorMismatch(sentence, errors={"vps.placement.cluster": [sentence]})


def move(batch: Batch, vps: Row, cluster: Cluster | None, spec: PlacementSpec | None) -> bool:
    """Whether the VPS is another guest now than before. Where the command names the guest that the VPS is already, and does
    not say `replaced`, the placement stays as it is. Else nothing of the old placement is kept, and a worker asks for the
    new guest's identity and power.
    """
    if cluster is None or spec is None or not is_move(batch, vps, cluster, spec):
        return False
    forget_learnt_address(batch, vps, batch.placements.get(vps["id"]))
    remove(batch, vps["id"])
    placement = Placement.of(vps["id"], cluster, spec.ref)
    batch.placements[vps["id"]] = batch.new_placements[vps["id"]] = placement
    batch.vps_id_by_guest[batch.guest_of(cluster.pk, spec.ref.key)] = vps["id"]
    batch.add_event("vps.bound", vps, **placement.facts | ({"replaced": True} if spec.replaced else {}))
    return True


def is_move(batch: Batch, vps: Row, cluster: Cluster, spec: PlacementSpec) -> bool:
    return spec.replaced or not is_same_guest(batch, vps, cluster, spec)


def is_same_guest(batch: Batch, vps: Row, cluster: Cluster, spec: PlacementSpec) -> bool:
    old = batch.placements.get(vps["id"])
    if old is None or old.ref.kind != spec.ref.kind:
        return False
    return batch.guest_of(old.cluster_id, old.guest) == batch.guest_of(cluster.pk, spec.ref.key)


def check_again(batch: Batch, vps: Row, spec: PlacementSpec | None) -> tuple[str, ...]:
    """Warnings of a placement that the command names again. A worker asks the guest anew who it is, for their sake."""
    placement = batch.placements.get(vps["id"])
    if spec is None or placement is None or placement.pk is None:
        return ()
    batch.to_identify.append(placement.pk)
    if placement.identity_mismatch:
        return (DIFFERS,)
    return (GONE,) if placement.missing_since else ()


def keep_given_address(batch: Batch, vps: Row) -> None:
    """From now on the address of the VPS is the main site's, though the guest may have said the same one."""
    placement = batch.placements.get(vps["id"])
    if placement and placement.learnt_address:
        placement.learnt_address = ""
        batch.addressed.add(vps["id"])


def forget_learnt_address(batch: Batch, vps: Row, old: Placement | None) -> None:
    """An address that was learnt from a guest goes with that guest."""
    if old and old.learnt_address and old.learnt_address == vps["ip_address"]:
        batch.change(vps, "ip_address", None)
        batch.add_event("vps.updated", vps, changed=["ip_address"])


def remove(batch: Batch, id: int) -> None:
    """The VPS has no placement any more."""
    old = batch.placements.pop(id, None)
    if old:
        guest = batch.guest_of(old.cluster_id, old.guest)
        if batch.vps_id_by_guest.get(guest) == id:
            del batch.vps_id_by_guest[guest]
        batch.new_placements.pop(id, None)
        batch.unplaced.add(id)
