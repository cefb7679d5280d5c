"""What the cluster has not said is not known, and never 0: B2, from its answer over what is kept to what is told."""

import re
import time
from typing import Any

from django.core.cache import cache

from tests.docs.shape import differences
from tests.vps.use import keep_use
from vps import observations
from vps.guests import GuestRef, Kind
from vps.hypervisor.base import NO_USAGE, Usage
from vps.models import Cluster, Vps
from vps.services import binding, metrics
from vps.services.reconcile import reconcile
from vps.usage import Use, shape, usage_now


def fresh(vps: Vps) -> Vps:
    return Vps.objects.select_related("placement__cluster").get(pk=vps.pk)


def test_usage_is_not_known_of_a_guest_whose_node_is_down(
    server: Any, simulated: Any, real_cluster: Cluster, with_token: Any, alice: Any
) -> None:
    """B2: it was cpu 0.0 and RAM 0 of 0, observed now."""
    vps = server(power="running")
    program = with_token(alice)
    reconcile(real_cluster.pk)
    assert program.get(f"/api/vps/{vps.pk}/stats").json()["stats"]["ram"]["total"] == 1024**3
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    reconcile(real_cluster.pk)
    assert program.get(f"/api/vps/{vps.pk}/stats").json()["stats"] is None
    assert observations.usage([(real_cluster.pk, vps.placement.pk)]) == {}, (
        "nor is what was measured before kept for what is now"
    )
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    reconcile(real_cluster.pk)
    stats = program.get(f"/api/vps/{vps.pk}/stats").json()["stats"]
    assert (stats["ram"]["total"], stats["rates"]["net_in"]) == (1024**3, None)


def test_usage_is_not_known_of_a_guest_that_nobody_sees_any_more(server: Any, with_token: Any, alice: Any) -> None:
    """B2: its own look says that it is not known, and the round that forgets its use is yet to come."""
    vps = server(power="running")
    vps.placement.see(power="running", node="pve1")
    keep_use(vps.placement, cpu=0.5, uptime_s=100)
    program = with_token(alice)
    assert program.get(f"/api/vps/{vps.pk}/stats").json()["stats"]["cpu"] == 0.5
    vps.placement.see(power="unknown", node="pve1")
    assert observations.usage([(vps.placement.cluster_id, vps.placement.pk)]), "it is still kept"
    assert program.get(f"/api/vps/{vps.pk}/stats").json()["stats"] is None


def test_usage_that_the_release_before_has_kept_is_never_another_servers(
    server: Any, make_vps: Any, alice: Any, bob: Any
) -> None:
    """It kept use and history by the VPS's id, for a minute. Placements count by themselves."""
    vps = server(power="running")
    if vps.pk == vps.placement.pk:
        make_vps(bob)
        vps = server(power="running", vmid=101)
    assert vps.pk != vps.placement.pk
    cache.set(f"usage:{vps.placement.pk}", usage_now(Usage(cpu=1.0), None, time.time()))
    cache.set(f"history:{vps.placement.pk}:hour", {"state": "ready", "points": [{"time": 1}]})
    assert metrics.usage(fresh(vps)) is None
    assert metrics.history(fresh(vps), "hour")["state"] == "pending"


def test_usage_has_null_for_a_missing_figure_beside_those_that_are_there() -> None:
    now = time.time()
    first = usage_now(Usage(cpu=0.25, ram_used=5, net_in=10), None, now - 10)
    usage = shape(first)
    assert (usage["cpu"], usage["ram"], usage["disk"]) == (
        0.25,
        {"used": 5, "total": None},
        {"used": None, "total": None},
    )
    assert usage["uptime_s"] is None
    after = shape(usage_now(Usage(net_in=20), first, now))
    assert (after["cpu"], after["rates"]["net_in"], after["rates"]["net_out"]) == (None, 1, None)
    again = shape(usage_now(Usage(net_in=20, net_out=5), usage_now(NO_USAGE, None, now), now + 10))
    assert set(again["rates"].values()) == {None}
    assert differences(usage, again) == []


def test_usage_counts_a_measurement_that_is_listed_twice_once() -> None:
    """The cluster measures every 10 s, and so often it is asked: between two rounds nothing may have been measured, and
    0 bytes a second would be a figure that nobody has seen."""
    begun = time.time()

    def observed(after_s: float, before: Use | None, **figures: Any) -> tuple[Use, dict[str, Any]]:
        use = usage_now(Usage(**figures), before, begun + after_s)
        return use, dict(shape(use))

    first, _ = observed(0, None, cpu=0.5, net_in=1000, uptime_s=100)
    second, shown = observed(10, first, cpu=0.25, net_in=3000, uptime_s=110)
    assert shown["rates"]["net_in"] == 200
    again, listed_again = observed(20, second, cpu=0.25, net_in=3000, uptime_s=110)
    assert (listed_again["rates"]["net_in"], listed_again["observed_at"]) == (200, shown["observed_at"])
    third, shown = observed(30, again, cpu=0.25, net_in=7000, uptime_s=130)
    assert shown["rates"]["net_in"] == 200
    idle, shown = observed(40, third, cpu=0.0, net_in=7000, uptime_s=140)
    assert shown["rates"]["net_in"] == 0
    _, stopped = observed(50, idle, cpu=0.0, net_in=0, uptime_s=0)
    assert (stopped["uptime_s"], stopped["rates"]["net_in"]) == (0, None)


def test_api_stats_has_null_for_a_figure_that_nobody_has_said(
    server: Any, with_token: Any, alice: Any, as_user: Any
) -> None:
    vps = server(power="running")
    vps.placement.see(power="running", node="pve1")
    keep_use(vps.placement, ram_used=2048**2)
    stats = with_token(alice).get(f"/api/vps/{vps.pk}/stats").json()["stats"]
    assert (stats["cpu"], stats["ram"], stats["uptime_s"]) == (None, {"used": 4194304, "total": None}, None)
    page = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert re.search(r'tile-value h1">4 <span[^>]*>MB</span>', page)
    assert re.search(r'CPU</div>\s*<div class="tile-value h1">—', page), "an empty line would say 0"
    body = page.partition('<main class="content')[2]
    assert not re.search(r"\b0(&nbsp;| |\xa0|)%", body)
    assert not re.search(r"\b0 (s|min|h|d)\b", body), "B2: nor has it run for 0 minutes"


def test_usage_and_history_of_one_guest_are_never_those_of_the_next(
    server: Any, simulated: Any, real_cluster: Cluster, carol: Any
) -> None:
    """A VPS that is bound to another guest within the minute."""
    vps = server(power="running")
    reconcile(real_cluster.pk)
    metrics.fetch_history(vps.pk, "hour")
    assert metrics.usage(fresh(vps))
    binding.unbind(vps, by=carol, source="admin")
    assert metrics.usage(fresh(vps)) is None
    assert metrics.history(fresh(vps), "hour")["state"] == "unavailable"
    simulated.add("qemu", 101, power="running")
    binding.bind(vps, real_cluster, GuestRef(Kind.VM, "101", "pve1"), by=carol, source="admin")
    binding.identify(fresh(vps).placement.pk)
    assert metrics.usage(fresh(vps)) is None
    assert metrics.history(fresh(vps), "hour")["state"] == "pending"
    reconcile(real_cluster.pk)
    assert set(metrics.usage(fresh(vps))["rates"].values()) == {None}
