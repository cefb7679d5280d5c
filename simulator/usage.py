"""What a guest uses: one course for what is measured now, for its counters and for its history. For `reads`."""

import math

from simulator.guests import MB, Guest

DAY_S = 86400
# Beside the day's own course, waves of these seconds, so that no hour is flat.
WAVES_S = (5231.0, 1187.0, 433.0, 149.0)
# Bytes a second of a guest that computes with all it has.
RATES = {"netin": 90_000, "netout": 260_000, "diskread": 40_000, "diskwrite": 120_000}


def load(guest: Guest, moment: float) -> float:
    """The share of its cores, from 0 to 1: a day's course with its own phase, and a little noise.

    The noise is the same whenever the moment is asked for.
    """
    parts = [height * (1 + math.sin(speed * moment + phase)) for height, speed, phase in courses(guest)]
    return 0.04 + sum(parts)


def load_seconds(guest: Guest, since: float, until: float) -> float:
    """The sum of `load` over this time, which is what counters count."""

    def ups(height: float, speed: float, phase: float) -> float:
        return height * (math.cos(speed * since + phase) - math.cos(speed * until + phase)) / speed

    steady = 0.04 + sum(height for height, _speed, _phase in courses(guest))
    return steady * (until - since) + sum(ups(*course) for course in courses(guest))


def courses(guest: Guest) -> list[tuple[float, float, float]]:
    """(height, speed, phase) of each sine."""
    day = (0.225 * (0.5 + guest.vmid % 3 * 0.25), 2 * math.pi / DAY_S, guest.vmid % 24 / 24 * 2 * math.pi)
    return [day, *((0.015, 2 * math.pi / seconds, float(guest.vmid)) for seconds in WAVES_S)]


def memory(guest: Guest, moment: float) -> int:
    steady = guest.memory_mb * MB * (0.35 + guest.vmid % 5 * 0.1)
    return int(steady * (0.9 + 0.2 * load(guest, moment)))


def rates(guest: Guest, moment: float) -> dict[str, float]:
    return {name: rate * load(guest, moment) for name, rate in RATES.items()}


def counters(guest: Guest, uptime: int) -> dict[str, int]:
    """What came together since its start: over any time, their growth is what `rates` has for it."""
    counted = load_seconds(guest, guest.started_at, guest.started_at + uptime)
    return {name: int(rate * counted) for name, rate in RATES.items()}
