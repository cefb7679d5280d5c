"""The worker's door: each task calls one verb with ids. The clock and `notify.worker` call them, by name."""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

from vps import notify
from vps.models import Cluster
from vps.services import binding, metrics, power
from vps.services.reconcile import reconcile

log = logging.getLogger(__name__)


def task(verb: Callable[..., Any]) -> Any:
    return shared_task(name=f"vps.{verb.__name__}")(verb)


@task
def advance(operation_id: int) -> None:
    """One step, and a bell for the next: no worker is held while a hypervisor works."""
    seconds = power.advance(operation_id)
    if seconds is not None:
        notify.worker("advance", operation_id, after_seconds=seconds)


@task
def sweep() -> None:
    if count := power.sweep():
        log.warning("the sweeper found %s operations whose turn had passed by", count)


@task
def reconcile_all() -> None:
    for id in Cluster.objects.active().values_list("id", flat=True):
        notify.worker("reconcile_one", id)


@task
def reconcile_one(cluster_id: int) -> None:
    reconcile(cluster_id)


@task
def bind_by_name() -> None:
    binding.bind_by_name()
    binding.identify_rest()


@task
def identify(placement_id: int) -> None:
    binding.identify(placement_id)


@task
def find_addresses() -> None:
    binding.find_addresses()


@task
def fetch_history(vps_id: int, timeframe: str) -> None:
    metrics.fetch_history(vps_id, timeframe)
