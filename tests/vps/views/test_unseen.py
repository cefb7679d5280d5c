"""B4: a server that nobody sees is never said to run: in the list, on its page, to a program, to staff."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from vps.models import Cluster, Event, Vps
from vps.models.shown import shown_as

UNSEEN = [("running", "proxmox", "vps_unbound"), ("stopped", "proxmox", "vps_unbound")]
UNSEEN += [("running", hypervisor, "hypervisor_unsupported") for hypervisor in ("vmware", "hyperv", "kvm", "xen")]


@pytest.mark.parametrize(("status", "hypervisor", "reason"), UNSEEN)
def test_not_connected_is_shown_of_a_server_that_is_bound_to_nothing(
    as_user: Any, with_token: Any, alice: Any, carol: Any, make_vps: Any, status: str, hypervisor: str, reason: str
) -> None:
    vps = make_vps(alice, status=status, hypervisor=hypervisor)
    for path in ("/", f"/vps/{vps.pk}/", f"/vps/{vps.pk}/row/", f"/vps/{vps.pk}/status/"):
        page = as_user(alice).get(path).content.decode()
        assert re.search(r'<span class="state tone-off unseen"><svg.*?</svg>Not connected</span>', page, re.DOTALL)
        assert ">Running</span>" not in page
        assert "The server is not running" not in page
    for path in ("/admin/vps/vps/", f"/admin/vps/vps/{vps.pk}/change/"):
        assert "Not connected" in as_user(carol).get(path).content.decode()
    program, unseen = with_token(alice), {"power": None, "since": None, "reason": reason}
    one = program.get(f"/api/vps/{vps.pk}").json()
    assert (one["vps"]["status"], one["observed"]) == (status, unseen), "the column is the main site's word"
    assert program.get("/api/vps").json()["observed"] == {str(vps.pk): unseen}
    assert program.get(f"/api/vps/{vps.pk}/stats").json()["stats"] is None


@pytest.mark.parametrize("status", ["creating", "suspended", "error"])
def test_not_connected_is_not_shown_where_the_main_site_knows_a_reason(
    as_user: Any, alice: Any, make_vps: Any, status: str
) -> None:
    vps = make_vps(alice, status=status)
    assert vps.shown.word == status
    assert "Not connected" not in as_user(alice).get(f"/vps/{vps.pk}/row/").content.decode()


def test_not_connected_is_shown_in_russian_too(as_user: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice)
    browser = as_user(alice)
    browser.post("/language/setlang/", {"language": "ru"})
    assert "Не подключён</span>" in browser.get("/").content.decode()


def ways_to_be_seen(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Every way in which a guest can be seen or not."""
    dark = {"name": "dark", "hosts": ["127.0.0.1:1"], "token_id": "panel@pve!portal", "token_secret": "s"}
    never = Cluster.objects.create(**dark)
    old = Cluster.objects.create(**dark | {"name": "old"}, seen_at=timezone.now() - timedelta(minutes=5))
    return {
        "running": {"power": "running"},
        "stopped": {"power": "stopped"},
        "paused": {"power": "paused"},
        "nobody knows": {"power": "unknown"},
        "gone": {"power": "running", "missing_since": timezone.now()},
        "mismatch": {"power": "unknown", "missing_since": timezone.now(), "identity_mismatch": "uuid-9"},
        "in doubt": {"power": "running", "doubted_since": timezone.now()},
        "of a cluster that never answered": {"power": "running", "cluster": never},
        "of an unreachable cluster": {"power": "stopped", "cluster": old},
    }


def test_shown_as_finds_the_rows_that_are_shown_so(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    """Two say it, one for a row and one for the table: both must say the same of every row."""
    for number, columns in enumerate(ways_to_be_seen(cluster).values()):
        for offset, status in enumerate(Vps.Status.values):
            bind(make_vps(alice, status=status), 100 + 10 * number + offset, **columns)
    for status in Vps.Status.values:
        make_vps(alice, status=status)
    everybody = list(Vps.objects.with_state())
    for word in Vps.SEEN_AS:
        expected = {vps.pk for vps in everybody if vps.shown.word == word}
        assert expected, word
        assert set(Vps.objects.filter(shown_as(word, timezone.now())).values_list("pk", flat=True)) == expected, word
    page = as_user(alice).get("/?status=running").content.decode()
    assert page.count("Running</span>") == page.count("<tr id=") > 0


def test_vps_admin_finds_servers_that_are_not_connected(
    as_user: Any, carol: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    make_vps(alice, name="nowhere")
    bind(make_vps(alice, name="somewhere"))
    page = as_user(carol).get("/admin/vps/vps/?seen=not_connected").content.decode()
    assert "nowhere" in page
    assert "somewhere" not in page


def test_api_vps_observed_is_what_was_seen_with_since_when_and_why_not(
    with_token: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    vps = make_vps(alice)
    placement = bind(vps, power="paused")
    program = with_token(alice)
    seen = program.get(f"/api/vps/{vps.pk}").json()["observed"]
    assert (seen["power"], seen["reason"]) == ("paused", None)
    assert seen["since"]
    for columns, reason in (
        ({"power": "unknown"}, "hypervisor_unavailable"),
        ({"power": "running", "doubted_since": timezone.now()}, "hypervisor_unavailable"),
        ({"missing_since": timezone.now()}, "vps_missing"),
        ({"identity_mismatch": "uuid-9"}, "identity_mismatch"),
    ):
        type(placement).objects.filter(pk=placement.pk).update(**columns)
        seen = program.get(f"/api/vps/{vps.pk}").json()["observed"]
        assert (seen["power"], seen["reason"]) == (None, reason)
        assert seen["since"]
    assert not Event.objects.exists()
