"""A customer asks for so many operations a minute, and can always cut the power (G5)."""

from typing import Any

import pytest
from django.test import Client

from tests.seams import Shorten
from vps import operations
from vps.models import Operation
from vps.operations import limits
from web.models import LimitCount


@pytest.fixture
def server(alice: Any, make_vps: Any, bind: Any) -> Any:
    vps = make_vps(alice)
    bind(vps)
    return vps


def end_all() -> None:
    Operation.objects.open().update(state="succeeded", finished_at="2026-01-01T00:00Z")


def ask(client: Client, vps: Any, **headers: str) -> Any:
    end_all()
    return client.post(f"/api/vps/{vps.pk}/reboot", headers=headers, content_type="application/json")


def force_stop(client: Client, vps: Any) -> Any:
    end_all()
    return client.post(f"/api/vps/{vps.pk}/stop", {"force": True}, content_type="application/json")


def test_limits_count_the_operations_of_one_server_and_leave_a_forced_stop_out(
    alice: Any, with_token: Any, as_user: Any, server: Any
) -> None:
    """G5: a customer can always cut the power."""
    program, most = with_token(alice), limits.OF_SERVER.most
    assert [ask(program, server).status_code for _ in range(most)] == [202] * most
    refused = ask(program, server)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_operations")
    assert 0 < int(refused["Retry-After"]) <= 60
    page = as_user(alice).post(f"/vps/{server.pk}/power/reboot/", headers={"hx-request": "true"})
    assert (page.status_code, "Too much was asked" in page.content.decode()) == (429, True)
    assert 0 < int(page["Retry-After"]) <= 60
    forced = program.post(f"/api/vps/{server.pk}/stop", {"force": True}, content_type="application/json")
    assert forced.status_code == 202
    LimitCount.objects.update(ends_at="2026-01-01T00:00Z")
    assert ask(program, server).status_code == 202


def test_limits_count_forced_stops_apart_and_shut_nothing_else(
    alice: Any, with_token: Any, server: Any, make_vps: Any, bind: Any
) -> None:
    """G5: whoever forces a stop in a loop is told to wait, too, and may still ask for the rest and for other servers."""
    program, most = with_token(alice), limits.OVERTAKING_OF_SERVER.most
    assert [force_stop(program, server).status_code for _ in range(most)] == [202] * most
    refused = force_stop(program, server)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_operations")
    assert 0 < int(refused["Retry-After"]) <= 60
    other = make_vps(alice, name="other")
    bind(other, vmid=101)
    assert (ask(program, server).status_code, force_stop(program, other).status_code) == (202, 202)
    counts = LimitCount.objects.filter(what__startswith="operations, server")
    assert [one.count for one in counts] == [1], "no forced stop is counted among the others"


def test_limits_count_what_is_asked_in_vain(alice: Any, with_token: Any, server: Any) -> None:
    """G5: a refused request counts too."""
    program, most = with_token(alice), limits.OF_SERVER.most
    statuses = [program.post(f"/api/vps/{server.pk}/reboot").status_code for _ in range(most + 1)]
    assert statuses == [202] + [409] * (most - 1) + [429]


def test_limits_count_no_repeat_under_its_idempotency_key(alice: Any, with_token: Any, server: Any) -> None:
    """G5: a repeat is answered from memory and counts once."""
    program, most = with_token(alice), limits.OF_SERVER.most
    assert {ask(program, server, **{"idempotency-key": "k"}).status_code for _ in range(most + 5)} == {202}
    assert LimitCount.objects.get(what=limits.OF_SERVER.what).count == 1


def test_limits_count_one_customers_operations_by_what_they_own_and_nobody_elses(
    alice: Any, bob: Any, with_token: Any, server: Any, make_vps: Any, bind: Any, shorten: Shorten
) -> None:
    """G5: the more servers an account has, the more it may ask."""
    limit = limits.Limit("operations, account", 3, limits.MINUTE)
    shorten(operations_of_account=limit)
    others = [make_vps(alice, name=f"server-{at}") for at in range(4)]
    for at, vps in enumerate(others):
        bind(vps, vmid=200 + at)
    program = with_token(alice)
    statuses = [ask(program, vps).status_code for vps in [server, *others] * 2]
    assert statuses == [202] * (limit.most + 5) + [429] * 2
    last = LimitCount.objects.get(what=limits.OF_SERVER.what, who=f"vps {others[-1].pk}")
    assert last.count == 1, "what the account's limit refused fills no count of the server's"
    bobs = make_vps(bob, name="bobs")
    bind(bobs, vmid=300)
    assert ask(with_token(bob), bobs).status_code == 202


def test_limits_do_not_count_staff_and_services(carol: Any, server: Any) -> None:
    for _ in range(limits.OF_SERVER.most + 5):
        end_all()
        operations.request(server, "reboot", by=carol, source="admin")
    assert not LimitCount.objects.filter(what__startswith="operations").exists()
