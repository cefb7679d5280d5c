"""What the main site says of a VPS, made true here. Each verb is one transaction and may be repeated; api.sync calls it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from vps import notify
from vps.errors import PlacementTaken, UnknownCluster, UnknownUser, VpsDeleted, VpsNotFound
from vps.models import Cluster, Event, Operation, Placement, Tombstone, Vps
from vps.models.locks import MOVING, wait_for_turn

SYNC = Event.Source.SYNC


@dataclass(frozen=True)
class PlacementSpec:
    """Where the main site says the machine is."""

    cluster: str
    node: str
    vmid: int
    kind: str


@dataclass(frozen=True)
class Deleted:
    """`row` is every column of the VPS as it was."""

    row: dict[str, Any]
    was_already: bool


@transaction.atomic
def create(columns: dict[str, Any], placement: PlacementSpec | None) -> Vps:
    """`columns` are the table's, checked. Raises UnknownUser, UnknownCluster, PlacementTaken."""
    refuse_unknown_user(columns["user_id"])
    vps: Vps = Vps.objects.create(**columns)
    vps.refresh_from_db()
    place(vps, placement)
    Event.objects.record("vps.created", vps, source=SYNC, status=vps.status)
    announce(vps)
    return vps


@transaction.atomic
def update(id: int, columns: dict[str, Any], placement: PlacementSpec | None) -> Vps:
    """Set these columns. Raises VpsNotFound, VpsDeleted, UnknownUser, UnknownCluster, PlacementTaken."""
    vps = locked(id)
    if "user_id" in columns:
        refuse_unknown_user(columns["user_id"])
    changes = {name: value for name, value in columns.items() if getattr(vps, name) != value}
    if changes:
        previous_owner = vps.user_id
        Vps.objects.filter(pk=id).update(**changes, updated_at=Now())
        vps.refresh_from_db()
        Event.objects.record("vps.updated", vps, source=SYNC, changed=sorted(changes))
        notify.pages(vps.pk, previous_owner)
    place(vps, placement)
    announce(vps)
    return vps


@transaction.atomic
def delete(id: int) -> Deleted:
    """Take the VPS away and leave a tombstone: a repeat is told that it is done. Raises VpsNotFound."""
    vps = Vps.objects.locked_one(id)
    if vps is None:
        return Deleted(row=buried(id).row, was_already=True)
    Operation.objects.cut_off(vps, "vps_deleted")
    row = vps.columns()
    Event.objects.record("vps.deleted", vps, source=SYNC, name=vps.name)
    Tombstone.objects.create(vps_id=id, row=row)
    notify.pages(id, vps.user_id)
    vps.delete()
    return Deleted(row=row, was_already=False)


def locked(id: int) -> Vps:
    vps = Vps.objects.locked_one(id)
    if vps is None:
        buried(id)
        raise VpsDeleted
    return vps


def buried(id: int) -> Tombstone:
    stone: Tombstone | None = Tombstone.objects.filter(pk=id).first()
    if stone is None:
        raise VpsNotFound(f"There is no VPS {id}.")
    return stone


def refuse_unknown_user(user_id: int) -> None:
    if not get_user_model().objects.filter(pk=user_id).exists():
        sentence = f"There is no user {user_id}."
        raise UnknownUser(sentence, errors={"vps.user_id": [sentence]})


def place(vps: Vps, spec: PlacementSpec | None) -> None:
    """Bind as told. The guest's identity and power are then asked for by a worker."""
    if spec is None:
        return
    cluster = Cluster.objects.filter(name=spec.cluster).first()
    if cluster is None:
        sentence = f"There is no cluster {spec.cluster!r}."
        raise UnknownCluster(sentence, errors={"vps.placement.cluster": [sentence]})
    move(vps, cluster, spec)


def move(vps: Vps, cluster: Cluster, spec: PlacementSpec) -> None:
    """Told the same again, nothing is forgotten; told of another guest, nothing of the old one is kept.

    One at a time: two that exchange their guests would wait for each other's.
    """
    where = {"cluster": cluster, "vmid": spec.vmid, "kind": spec.kind}
    if Placement.objects.filter(vps=vps, **where).exists():
        return
    wait_for_turn(MOVING)
    Operation.objects.cut_off(vps, "vps_unbound")
    Placement.objects.filter(vps=vps).delete()
    try:
        with transaction.atomic():
            placement = Placement.objects.create(vps=vps, **where, node=spec.node)
    except IntegrityError as error:
        raise PlacementTaken from error
    Event.objects.record("vps.bound", vps, source=SYNC, cluster=cluster.name, kind=spec.kind, vmid=spec.vmid)
    notify.worker("identify", placement.pk)


def announce(vps: Vps) -> None:
    notify.pages(vps.pk, vps.user_id)
    if not Placement.objects.filter(vps=vps).exists():
        notify.worker("bind_by_name")
