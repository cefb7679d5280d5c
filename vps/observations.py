"""What was last heard from the clusters and need not survive: guests, usage, history. In Redis, all of it losable.

Services write it, doors read it; who finds nothing shows nothing, or asks a worker to fetch it.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

GUESTS_FOR = USAGE_FOR = 60
# A history is fetched for who looks at it; meanwhile the one before is shown. That there is none is asked again sooner.
HISTORY_FOR, NO_HISTORY_FOR = 600, 60
USUAL_TIME_FOR = 600
# As often as the staff's first page renews itself.
ATTENTION_FOR = 15
# A release reads nothing that another has written in another shape.
GUESTS, SIGHTINGS, USE = "guests-in-rows", "sightings-by-key", "use-in-blocks"
# A cluster may be away for days, and other machines stand there when it is back.
SIGHTINGS_FOR = 30 * 24 * 3600
# How a guest of a list is written, as tuples take a fifth of the room and time of dicts.
GUEST_FIELDS = ("kind", "guest", "node", "cores", "ram", "name", "power", "is_template")
# So many placements have their use in one value of Redis: few enough for a page that reads one of them, and many enough
# for a round that writes them all.
IN_A_BLOCK = 32


def losable(call: Callable[..., Any], *args: Any) -> Any:
    """None where Redis does not answer: what it held is shown as not known."""
    try:
        return call(*args)
    except RedisError as error:
        log.warning("Redis did not answer: %s", error)
        return None


def store_guests(cluster_id: int, guests: list[tuple[Any, ...]]) -> None:
    """GUEST_FIELDS of each."""
    losable(cache.set, f"{GUESTS}:{cluster_id}", guests, GUESTS_FOR)


def guests(cluster_id: int) -> list[dict[str, Any]] | None:
    """GUEST_FIELDS of each by their names, or None where the cluster was not heard lately."""
    found: list[tuple[Any, ...]] | None = losable(cache.get, f"{GUESTS}:{cluster_id}")
    return None if found is None else [dict(zip(GUEST_FIELDS, one, strict=True)) for one in found]


def store_sightings(cluster_id: int, sightings: dict[str, Any]) -> None:
    losable(cache.set, f"{SIGHTINGS}:{cluster_id}", sightings, SIGHTINGS_FOR)


def keep_sightings(cluster_id: int) -> None:
    """They are as they were."""
    losable(cache.touch, f"{SIGHTINGS}:{cluster_id}", SIGHTINGS_FOR)


def sightings(cluster_id: int) -> dict[str, Any]:
    """As services.reconcile.sightings has them, of the last round. None of them: nothing can be held against it."""
    return losable(cache.get, f"{SIGHTINGS}:{cluster_id}") or {}


# Use and history are kept by the placement's id: a VPS that is bound to another guest has another placement, and is shown
# nothing of the one before.


def store_usage(cluster_id: int, use_by_placement: dict[int, Any]) -> None:
    """Of all placements of the cluster, None where nothing is known of one: what was known before is forgotten."""
    blocks: dict[int, dict[int, Any]] = defaultdict(dict)
    for id, use in use_by_placement.items():
        blocks[id // IN_A_BLOCK][id] = use
    if blocks:
        losable(cache.set_many, {block(cluster_id, min(uses)): uses for uses in blocks.values()}, USAGE_FOR)


def usage(placements: Iterable[tuple[int, int]]) -> dict[int, Any]:
    """Of these, as (cluster, placement), what is known of each."""
    wanted = {id: block(cluster_id, id) for cluster_id, id in placements}
    found = losable(cache.get_many, set(wanted.values())) if wanted else None
    known = {id: found[at].get(id) for id, at in wanted.items() if at in found} if found else {}
    return {id: use for id, use in known.items() if use is not None}


def usage_on(cluster_id: int, placement_ids: Iterable[int]) -> dict[int, Any]:
    """As `usage`, of all placements of one cluster, and None of those of which nothing is known."""
    firsts = {id // IN_A_BLOCK: id for id in placement_ids}.values()
    found = losable(cache.get_many, [block(cluster_id, id) for id in firsts]) or {}
    return {id: use for uses in found.values() for id, use in uses.items()}


def block(cluster_id: int, placement_id: int) -> str:
    return f"{USE}:{cluster_id}:{placement_id // IN_A_BLOCK}"


def store_history(placement_id: int, timeframe: str, history: Mapping[str, Any]) -> None:
    seconds = HISTORY_FOR if history["points"] else NO_HISTORY_FOR
    losable(cache.set, f"history-of:{placement_id}:{timeframe}", history, seconds)


def history(placement_id: int, timeframe: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = losable(cache.get, f"history-of:{placement_id}:{timeframe}")
    return found


def first_to_ask(what: str, for_seconds: int) -> bool:
    """Whether nobody else has asked a worker for this lately."""
    return bool(losable(cache.add, f"asked:{what}", 1, for_seconds))


def store_usual_time(operation: str, seconds: int) -> None:
    losable(cache.set, f"usual-time-of:{operation}", seconds, USUAL_TIME_FOR)


def usual_time(operation: str) -> int | None:
    """How long one of this name usually takes; 0 where that is not known, and None where nobody has looked lately."""
    found: int | None = losable(cache.get, f"usual-time-of:{operation}")
    return found


def store_attention(counts: dict[str, int]) -> None:
    losable(cache.set, "attention", counts, ATTENTION_FOR)


def attention() -> dict[str, int] | None:
    """How many of each kind of trouble there are, or None where nobody has counted within some seconds."""
    found: dict[str, int] | None = losable(cache.get, "attention")
    return found
