"""Sizes that look like a mistake, of which the main site is warned and which are taken all the same. For sync.actions.

Units are mixed up easily, RAM being in MB and disk in GB; and what is sold should not be more than its guest has.
"""

from collections.abc import Callable, Collection, Iterator

from vps import observations
from vps.models import Placement
from vps.models.vps import Row
from vps.services.sync.batch import Batch
from vps.services.sync.commands import PlacementSpec
from web.bell import redis_check

MB, GB = 1024**2, 1024**3
# From how many on a column's number is one that few mean, and what they may have done.
SUSPECT: dict[str, tuple[int, Callable[[int], str]]] = {
    "cpu": (257, lambda cores: f"{cores} cores are more than hosts have. Was it sent in percent?"),
    "ram": (524_289, lambda mb: f"{mb} MB are {mb / 1024:g} GB. Was it multiplied by 1024 twice?"),
    "disk": (20_480, lambda gb: f"{gb} GB are {gb / 1024:g} TB. Was it sent in MB?"),
}
UNITS = {"cpu": "cores", "ram": "MB", "disk": "GB"}
# Of a container's disk its file system keeps a part for itself.
TOLERANCE = {"cpu": 1.0, "ram": 1.0, "disk": 1.1}


def warnings(batch: Batch, vps: Row, changed: Collection[str], *, moved_by: PlacementSpec | None) -> tuple[str, ...]:
    """Of the columns that have changed, and where it was `moved_by` a command of all that its guest of now has. What was
    seen in the place of a machine that is `replaced` may be the one before.
    """
    compared = () if moved_by and moved_by.replaced else UNITS if moved_by else changed
    return (*of_units(vps, changed), *of_guest(batch, vps, compared))


def of_units(vps: Row, names: Collection[str]) -> Iterator[str]:
    for name, (least, sentence) in SUSPECT.items():
        if name in names and vps[name] >= least:
            yield f"vps.{name}: {sentence(vps[name])}"


def of_guest(batch: Batch, vps: Row, names: Collection[str]) -> Iterator[str]:
    """Against what its cluster told last of the guest that it is bound to, where that is known to be its own."""
    placement = batch.placements.get(vps["id"])
    if placement is None or not placement.is_certain or not UNITS.keys() & names:
        return
    for name, seen in seen_of(batch, placement).items():
        sold = vps[name]
        if name in names and seen is not None and sold > seen * TOLERANCE[name]:
            yield f"vps.{name}: {sold} {UNITS[name]} are more than its guest had when it was last seen: {seen}."


def seen_of(batch: Batch, placement: Placement) -> dict[str, int | None]:
    """By column, each None where nothing was said of it."""
    id = placement.cluster_id
    if id not in batch.sightings:
        batch.sightings[id] = observations.sightings(id) if redis_check.ask() else {}
    _, cores, ram, disk, _ = batch.sightings[id].get(placement.guest, (None,) * 5)
    return {"cpu": cores, "ram": ram and -(-ram // MB), "disk": disk and -(-disk // GB)}
