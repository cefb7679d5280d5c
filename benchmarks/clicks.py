"""`make bench WHAT=clicks`: from a click to its command at the hypervisor, and until it is seen done, beside bare calls.

The plain reference is the same command, sent to the simulated cluster by nobody but this program. Each round is one bare call
over a connection of its own, one over a warm one, one press of a page's button and one call of the API, on a guest each.
"""

import argparse
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import requests
import urllib3

from benchmarks.goals import Goal, show
from benchmarks.operations import waiting
from launcher.children import wait_until
from tests.chaos.field import Field
from tests.stack.conftest import Panel, running_panel

# A task of this ends at once.
START = ("start", "lxc", "stopped", "start")
AT_ONCE = {"start_seconds": 0.0}
MOST_MS, MOST_DONE_S = 100, 0.8
WAYS = ("bare, new connection", "bare, warm connection", "page", "API")
Press = Callable[[int, int], None]
urllib3.disable_warnings()


@dataclass
class Click:
    """Seconds from the press: to its answer, the command, the end in the database, and the end as the API tells it."""

    answered: float
    commanded: float
    done: float = 0.0
    in_api: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    count = parser.parse_args().rounds
    with running_panel() as panel:
        field = Field(panel)
        servers = field.make([START] * count * len(WAYS))
        for _, vmid in servers:
            panel.simulator("PATCH", f"/simulator/guests/{vmid}", AT_ONCE)
        wait_until(lambda: not waiting(field, len(servers)), 120, 0.5)
        report(measured(field, servers))


def measured(field: Field, servers: list[tuple[int, int]]) -> dict[str, list[Click]]:
    warm, page = session(field.panel), logged_in(field.panel)
    presses: dict[str, Press] = {
        WAYS[0]: lambda vps, vmid: start(field.panel, session(field.panel), vmid),
        WAYS[1]: lambda vps, vmid: start(field.panel, warm, vmid),
        WAYS[2]: lambda vps, vmid: press(field.panel, page, vps),
        WAYS[3]: lambda vps, vmid: call(field, vps),
    }
    found: dict[str, list[Click]] = {way: [] for way in WAYS}
    left = iter(servers)
    for at in range(len(servers) // len(WAYS)):
        if not at % 20:
            field.log_in()
        for way in WAYS:
            vps, vmid = next(left)
            found[way].append(pressed(field, presses[way], vps, vmid, is_bare=way in WAYS[:2]))
    return found


def pressed(field: Field, press: Press, vps: int, vmid: int, *, is_bare: bool) -> Click:
    began = time.time()
    press(vps, vmid)
    answered = time.time() - began
    in_api = 0.0 if is_bare else ended_by_api_at(field, vps) - began
    taken = next(one for one in field.panel.simulator("GET", "/simulator/commands") if one["vmid"] == vmid)
    return Click(answered, taken["time"] - began, 0.0 if is_bare else ended_at(field, vps) - began, in_api)


def session(panel: Panel) -> requests.Session:
    """Of a program that knows the cluster. The certificate is no part of what is measured."""
    bare = requests.Session()
    bare.verify, bare.trust_env = False, False
    bare.headers["Authorization"] = f"PVEAPIToken={panel.demo['simulator']['token']}"
    return bare


def start(panel: Panel, bare: requests.Session, vmid: int) -> None:
    node = f"pve{vmid % 2 + 1}"
    path = f"https://{panel.run.environment['SIMULATOR_TLS']}/api2/json/nodes/{node}/lxc/{vmid}/status/start"
    bare.post(path, timeout=60).raise_for_status()


def logged_in(panel: Panel) -> requests.Session:
    """Alice's browser, on its first page."""
    browser = requests.Session()
    form = {"username": "alice", "password": panel.user("alice")["password"]}
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(f"{panel.url}/login/").text)
    form["csrfmiddlewaretoken"] = token[1] if token else ""
    page = browser.post(f"{panel.url}/login/", data=form, headers={"Referer": panel.url}).text
    token = re.search(r'"X-CSRFToken": "(\w+)"', page)
    browser.headers.update({"HX-Request": "true", "Referer": panel.url, "X-CSRFToken": token[1] if token else ""})
    return browser


def press(panel: Panel, browser: requests.Session, vps: int) -> None:
    target = {"HX-Target": f"vps-{vps}", "HX-Current-URL": f"{panel.url}/"}
    browser.post(f"{panel.url}/vps/{vps}/power/start/", headers=target, timeout=60).raise_for_status()


def call(field: Field, vps: int) -> None:
    answer = requests.post(f"{field.panel.url}/api/vps/{vps}/start", headers=field.token, timeout=60)
    answer.raise_for_status()


def ended_by_api_at(field: Field, vps: int) -> float:
    """When the API says that it is done."""
    address = f"{field.panel.url}/api/vps/{vps}/operations"

    def is_done() -> bool:
        newest = requests.get(address, headers=field.token, timeout=60).json()["operations"][0]
        return bool(newest["state"] == "succeeded")

    if not wait_until(is_done, 60, 0.05):
        raise SystemExit(f"the start of VPS {vps} has not succeeded")
    return time.time()


def ended_at(field: Field, vps: int) -> float:
    query = "SELECT extract(epoch FROM max(finished_at))::float FROM operations WHERE vps_id = %s"
    with field.panel.database() as database:
        found = database.execute(query, [vps]).fetchone()
    return float(found[0]) if found else 0.0


def report(found: dict[str, list[Click]]) -> None:
    print(f"{'median of each, ms':<24} {'answered':>9} {'command':>9} {'done':>9} {'in_api':>9}")
    for way, clicks in found.items():
        times = (median(getattr(one, what) for one in clicks) for what in ("answered", "commanded", "done", "in_api"))
        print(f"{way:<24} " + " ".join(f"{seconds * 1000:>9.0f}" if seconds else f"{'':>9}" for seconds in times))
    for way in WAYS[2:]:
        for bare in WAYS[:2]:
            over = median_over(found[way], found[bare]) * 1000
            show(Goal(f"{way}, click to command over one {bare}, / {MOST_MS} ms", over / MOST_MS, at_most=1))
        done = median(click.done for click in found[way])
        show(Goal(f"{way}, click to seen done, / {MOST_DONE_S} s", done / MOST_DONE_S, at_most=1))


def median_over(clicks: list[Click], bare: list[Click]) -> float:
    return median(one.commanded - other.commanded for one, other in zip(clicks, bare, strict=True))


if __name__ == "__main__":
    main()
