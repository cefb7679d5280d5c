"""What was last heard from the clusters and need not survive: guests, usage, history. In Redis, all of it losable.

Services write it, doors read it; who finds nothing shows nothing, or asks a worker to fetch it.
"""

import logging
from collections.abc import Callable, Mapping
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
GUESTS, SIGHTINGS = "guests-by-key", "sightings-by-key"
# A cluster may be away for days, and other machines stand there when it is back.
SIGHTINGS_FOR = 30 * 24 * 3600


def losable(call: Callable[..., Any], *args: Any) -> Any:
    """None where Redis does not answer: what it held is shown as not known."""
    try:
        return call(*args)
    except RedisError as error:
        log.warning("Redis did not answer: %s", error)
        return None


def store_guests(cluster_id: int, guests: list[dict[str, Any]]) -> None:
    losable(cache.set, f"{GUESTS}:{cluster_id}", guests, GUESTS_FOR)


def guests(cluster_id: int) -> list[dict[str, Any]] | None:
    """[{kind, guest, node, name, cores, ram, power, is_template}], or None where the cluster was not heard lately."""
    found: list[dict[str, Any]] | None = losable(cache.get, f"{GUESTS}:{cluster_id}")
    return found


def store_sightings(cluster_id: int, sightings: dict[str, Any]) -> None:
    losable(cache.set, f"{SIGHTINGS}:{cluster_id}", sightings, SIGHTINGS_FOR)


def sightings(cluster_id: int) -> dict[str, Any]:
    """As services.reconcile.sightings has them, of the last round. None of them: nothing can be held against it."""
    return losable(cache.get, f"{SIGHTINGS}:{cluster_id}") or {}


# Use and history are kept by the placement's id: a VPS that is bound to another guest has another placement, and is shown
# nothing of the one before.


def store_usage(usage_by_placement: dict[int, dict[str, Any]]) -> None:
    losable(cache.set_many, {f"use-of:{id}": usage for id, usage in usage_by_placement.items()}, USAGE_FOR)


def usage(placement_ids: list[int]) -> dict[int, dict[str, Any]]:
    found = losable(cache.get_many, [f"use-of:{id}" for id in placement_ids]) or {}
    return {int(key.split(":")[1]): value for key, value in found.items()}


def forget_usage(placement_ids: list[int]) -> None:
    if placement_ids:
        losable(cache.delete_many, [f"use-of:{id}" for id in placement_ids])


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
