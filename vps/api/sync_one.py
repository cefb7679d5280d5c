"""/api/vps/sync/{id}… and /api/vps/sync/external/{external_id}…: one VPS, for the main site by its key. urls.py calls it."""

from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.call_facts import note
from vps import errors
from vps.api import customer, sync_shapes
from vps.api.sync import described, for_the_main_site
from vps.models import Vps
from vps.models.placement_shape import for_main_site
from web.errors import InvalidInput


@dataclass(frozen=True)
class Naming:
    """How an address names its VPS; `suffix` tells what is called by one from what is called by the other."""

    route: str
    suffix: str


NAMINGS = (Naming("<id:id>", ""), Naming("external/<path:external_id>", "ByExternalId"))


def vps_of(request: Request, id: int = 0, external_id: str = "") -> Vps:
    """The one that the address names, which the log of calls is told. Raises VpsNotFound, VpsDeleted."""
    vps: Vps = Vps.objects.with_external_id().with_operation().named(id, external_id)
    note(request, vps_id=vps.pk, external_id=vps.row().get("external_id"))
    return vps


def read_one(naming: Naming) -> Any:
    @described(f"readSyncedVps{naming.suffix}", sync_shapes.ONE, errors.VpsNotFound, errors.VpsDeleted)
    @for_the_main_site("GET", action="read")
    def one(request: Request, **name: Any) -> Response:
        """One VPS: where it is, what is seen of it, why it is suspended, and what is under way."""
        vps = vps_of(request, **name)
        operation, placement = vps.open_operation, getattr(vps, "placement", None)
        suspension = vps.current_suspension
        return customer.success(
            vps=vps.row(),
            placement=placement and for_main_site(placement),
            observed=vps.observed,
            suspension=suspension and suspension.public(),
            operation=operation and operation.public(),
        )

    return one


def read_stats(naming: Naming) -> Any:
    @described(
        f"readSyncedVpsStats{naming.suffix}",
        *(customer.STATS, InvalidInput, errors.VpsNotFound, errors.VpsDeleted),
        parameters=[customer.TIMEFRAME],
    )
    @for_the_main_site("GET", action="stats")
    def stats(request: Request, **name: Any) -> Response:
        """What it uses of CPU, RAM, disk and network, as its owner is told.

        As last heard; `stats` is null where nothing was heard of late. The history begins with the owner of now.
        """
        return customer.stats_of(request, vps_of(request, **name))

    return stats


def read_operations(naming: Naming) -> Any:
    @described(
        f"readSyncedVpsOperations{naming.suffix}",
        *(customer.OPERATIONS, InvalidInput, errors.VpsNotFound, errors.VpsDeleted),
        parameters=customer.PAGE_OF_OPERATIONS,
    )
    @for_the_main_site("GET", action="operations")
    def operations(request: Request, **name: Any) -> Response:
        """What was asked of it, by whomever, newest first: of owners before, and by staff, by their names."""
        return customer.page_of_operations(request, vps_of(request, **name).operations.all())

    return operations


# By route, and in an order that counts: the last takes for an external_id whatever stands there.
ENDPOINTS = {
    f"{naming.route}{end}": endpoint_of(naming)
    for naming in NAMINGS
    for end, endpoint_of in {"/stats": read_stats, "/operations": read_operations, "": read_one}.items()
}
