"""A query that is written once gives what the queryset gives that it was made of, instances and all."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from vps.models import Vps
from web.compiled_query import CompiledQuery, whole


def build() -> Any:
    mine = Vps.objects.filter(user_id=whole("user_id"), status="running")
    return mine.select_related("placement__cluster", "user").order_by("pk")


VPSES = CompiledQuery(build, limit="reads")


def test_compiled_query_gives_what_its_queryset_gives(alice: Any, bob: Any, make_vps: Any, bind: Any) -> None:
    placed, bare = make_vps(alice), make_vps(alice, name="bare")
    bind(placed)
    make_vps(bob)
    with CaptureQueriesContext(connection) as asked:
        found = VPSES.all(user_id=alice.pk, reads=10)
        shown = [
            (vps.pk, vps.user.username, getattr(vps, "placement", None) and vps.placement.cluster.name) for vps in found
        ]
    assert shown == [(placed.pk, "alice", placed.placement.cluster.name), (bare.pk, "alice", None)]
    assert [vars(vps)["created_at"] for vps in found] == [placed.created_at, bare.created_at]
    assert not found[0]._state.adding
    assert len(asked) == 1


def test_compiled_query_takes_its_parameters_from_each_call_anew(alice: Any, bob: Any, make_vps: Any) -> None:
    for user in (alice, alice, bob):
        make_vps(user)
    counts = [len(VPSES.all(user_id=user.pk, reads=reads)) for user, reads in ((alice, 1), (alice, 9), (bob, 9))]
    assert counts == [1, 2, 1]
    assert VPSES.first(user_id=0, reads=1) is None
