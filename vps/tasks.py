"""The worker's door: each task calls one verb with ids. The clock and `notify.worker` call them, by name."""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from celery import shared_task

from accounts import forgetting
from vps import notify, operations
from vps.models import Cluster
from vps.services import addresses, binding, metrics, notices, sync_calls, webhooks
from vps.services.reconcile import reconcile
from web import idempotency, limits
from web.transient_errors import is_transient

log = logging.getLogger(__name__)

# In seconds. The first round after a start is for all clusters within these, too.
SPREAD_S, ADDRESSES_SPREAD_S = 3.0, 10.0


def task(verb: Callable[..., Any]) -> Any:
    """A database that is away, or takes no writes, costs a line of the log: the rows say what is due, and the next bell or the
    sweeper sees to it.
    """

    @wraps(verb)
    def answer_bell(*args: Any) -> None:
        try:
            verb(*args)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("the database failed, so vps.%s%r is left to the next bell: %r", verb.__name__, args, error)

    return shared_task(name=f"vps.{verb.__name__}")(answer_bell)


@task
def work(cluster_id: int) -> None:
    operations.work(cluster_id)


@task
def watch(cluster_id: int, node: str) -> None:
    operations.watch(cluster_id, node)


@task
def enforce_suspensions() -> None:
    notify.answer_bell("enforce_suspensions")
    operations.enforce_suspensions()


@task
def reconcile_all() -> None:
    """One after the other: rounds that all begin at once wait for each other, and no two times in the same order."""
    for id, share in clusters():
        notify.worker("reconcile_one", id, after_seconds=SPREAD_S * share)


def clusters() -> Iterator[tuple[int, float]]:
    """Those in use, each with how many of them come before it, as a share of all."""
    ids = list(Cluster.objects.active().order_by("id").values_list("id", flat=True))
    return ((id, at / len(ids)) for at, id in enumerate(ids))


@task
def reconcile_one(cluster_id: int) -> None:
    reconcile(cluster_id)


@task
def bind_by_name() -> None:
    notify.answer_bell("bind_by_name")
    binding.bind_by_name()
    binding.identify_rest()


@task
def identify(placement_id: int) -> None:
    binding.identify(placement_id)


@task
def identify_each(placement_ids: list[int]) -> None:
    """Ten thousand bells are not rung by whoever waits for an answer."""
    for id in placement_ids:
        notify.worker("identify", id)


@task
def find_addresses() -> None:
    """A worker for each cluster, so that one that is slow holds up no other; and one after the other, so that rounds find
    a worker meanwhile."""
    for id, share in clusters():
        notify.worker("find_addresses_on", id, after_seconds=ADDRESSES_SPREAD_S * share)


@task
def find_addresses_on(cluster_id: int) -> None:
    addresses.find_on(cluster_id)


@task
def fetch_history(vps_id: int, timeframe: str) -> None:
    metrics.fetch_history(vps_id, timeframe)


@task
def deliver_all() -> None:
    """A bell that comes after this line is for what comes after it."""
    notify.answer_bell("deliver_all")
    if not webhooks.enqueue():
        notify.feed(after_seconds=1)
    for id in webhooks.due_endpoints():
        notify.worker("deliver", id)


@task
def deliver(endpoint_id: int) -> None:
    webhooks.deliver(endpoint_id)


@task
def forget() -> None:
    """What has been kept for its time: answers under keys, counts, what logins left, calls of the main site, webhooks,
    notices."""
    kept = {
        "answers": idempotency,
        "limits": limits,
        "logins": forgetting,
        "calls": sync_calls,
        "webhooks": webhooks,
        "notices": notices,
    }
    log.info("forgotten: %s", {name: where.forget_old() for name, where in kept.items()})
