"""What a simulated guest uses: what is measured now goes on where its history ends."""

import time
from typing import Any

import pytest

from simulator.guests import Guest
from simulator.usage import RATES, counters, rates

DAY_S = 86400


@pytest.mark.parametrize("vmid", [100, 101, 107, 9001])
def test_counters_grow_by_the_rates_that_the_history_has(vmid: int) -> None:
    guest = Guest("qemu", vmid, "shop", power="running", started_at=1_790_000_000.0)
    for uptime in (60, 3 * DAY_S, 30 * DAY_S + 1234):
        before, after = counters(guest, uptime), counters(guest, uptime + 10)
        now = rates(guest, guest.started_at + uptime + 5)
        for name in RATES:
            assert (after[name] - before[name]) / 10 == pytest.approx(now[name], rel=0.02), name


def test_usage_of_now_is_of_the_size_of_its_history(simulated: Any) -> None:
    simulated.add("qemu", power="running", started_at=time.time() - 3 * DAY_S)
    status = "/nodes/pve1/qemu/100/status/current"
    now = simulated.api("GET", status).json()["data"]
    history = simulated.api("GET", "/nodes/pve1/qemu/100/rrddata", timeframe="hour").json()["data"]
    assert now["cpu"] == pytest.approx(history[-1]["cpu"], abs=0.1)
    assert now["mem"] == pytest.approx(history[-1]["mem"], rel=0.1)
    assert now["memhost"] == pytest.approx(history[-1]["memhost"], rel=0.1)
    long = simulated.api("GET", "/nodes/pve1/qemu/100/rrddata", timeframe="week").json()["data"]
    last_days = [point for point in long if point["time"] >= time.time() - 3 * DAY_S]
    for name in RATES:
        mean = sum(point[name] for point in last_days) / len(last_days)
        assert now[name] / now["uptime"] == pytest.approx(mean, rel=0.1), name
