"""How soon a command is looked at, and by whom: soon where there is one, in rounds where there are many."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from tests.simulated import Cluster as Simulated
from tests.vps.conftest import advance_once, bells
from vps import operations
from vps.models import Cluster, Operation
from vps.operations import pauses

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {"start_seconds": 600}


def asked(server: Any, *vmids: int, **facts: Any) -> list[Operation]:
    return [operations.request(server(vmid=vmid, **facts), "start", by=None, source="page") for vmid in vmids]


def put_back(seconds: float, **which: Any) -> None:
    Operation.objects.filter(**which).update(due_at=F("due_at") - timedelta(seconds=seconds))


def due_in(seconds: float) -> int:
    """How many have their next look within so many seconds."""
    return int(Operation.objects.filter(due_at__lte=Now() + timedelta(seconds=seconds)).count())


def test_pauses_after_a_command_grow_from_a_quarter_of_a_second() -> None:
    looks = [pauses.until_next_poll(seconds) for seconds in (0, 0.25, 0.5, 0.9, 2, 9.9, 10)]
    assert looks == [0.25, 0.25, 0.5, 0.9, 1, 1, 3]


def test_work_looks_soon_after_one_command_and_in_a_second_while_others_wait(
    server: Any, real_cluster: Cluster
) -> None:
    [alone] = asked(server, 100, **LONG)
    assert advance_once(alone) == pauses.FIRST
    put_back(-600)
    many = asked(server, 101, 102, 103, **LONG)
    operations.work(real_cluster.pk)
    pauses_of = [one.due_at - one.sent_at for one in Operation.objects.filter(pk__gt=alone.pk).order_by("pk")]
    assert min(pauses_of[:-1]) >= timedelta(seconds=pauses.SOON), "others waited behind them"
    assert len(pauses_of) == len(many)


def test_watch_takes_along_what_is_due_soon(server: Any, simulated: Simulated, real_cluster: Cluster) -> None:
    """The same two lists tell of it."""
    asked(server, 100, 101, 102, **LONG)
    operations.work(real_cluster.pk)
    put_back(60, vps__placement__vmid=102)
    simulated.forget_load()
    operations.watch(real_cluster.pk, "pve1")
    assert simulated.load()["calls"] == 1, "their tasks are still at work"
    assert (due_in(0.5), due_in(pauses.SOON)) == (0, 3), "all three were looked at"


def test_watch_takes_nothing_before_anything_is_due(server: Any, real_cluster: Cluster) -> None:
    asked(server, 100, 101, **LONG)
    operations.work(real_cluster.pk)
    put_back(-60)
    assert not Operation.objects.claim_watched(real_cluster.pk, "pve1", 50, 8, 120)


def test_work_looks_after_what_nobody_has_watched(server: Any, real_cluster: Cluster) -> None:
    """Those who look may find no slot free while many commands are given."""
    asked(server, 100, **LONG)
    operations.work(real_cluster.pk)
    put_back(pauses.FIRST)
    operations.work(real_cluster.pk)
    assert due_in(0) == 1, "it is for those who look"
    put_back(5)
    operations.work(real_cluster.pk)
    assert due_in(0) == 0, "it was looked at"


def test_request_rings_for_its_command_before_anything_else(server: Any, real_cluster: Cluster) -> None:
    vps = server()
    bells()
    operations.request(vps, "start", by=vps.user, source="page")
    assert bells()[0] == ("vps.work", real_cluster.pk)
