"""Every path that the simulator knows, as a table: how it is called, with what, and who answers. For `server`."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator import parameters, power, reads, rights, trouble
from simulator.parameters import Table
from simulator.power import Call
from simulator.refusals import Refused, died, not_permitted
from simulator.tasks import FORM, not_yours
from simulator.world import World


@dataclass(frozen=True)
class Request:
    world: World
    path: dict[str, str]
    params: dict[str, Any]

    @property
    def node(self) -> str:
        return self.path["node"]

    def call(self) -> Call:
        kind, vmid = self.path["kind"], int(self.path["vmid"])
        return Call(self.world, self.world.find(kind, vmid, self.node), kind, vmid, self.node, self.params)


@dataclass(frozen=True)
class Total:
    """A list whose answer says, beside the data, how many there are in all."""

    data: list[dict[str, Any]]
    total: int


class Text(str):
    """An answer that is no JSON."""


@dataclass(frozen=True)
class Route:
    """`key` names it to people: its method and its path with the parts in braces."""

    method: str
    key: str
    pattern: re.Pattern[str]
    parameters: Table
    answer: Callable[[Request], Any]


def tasks(request: Request) -> Any:
    page, total = request.world.tasks.list(request.node, request.world.user, request.params)
    return Total(page, total)


def task_status(request: Request) -> Any:
    return request.world.tasks.get(request.path["upid"]).status()


def task_log(request: Request) -> Any:
    """Of a task that nobody knows: one line that says so. Of another user's: no right to look."""
    form = FORM.fullmatch(request.path["upid"])
    if form and form[7].split("!")[0] != request.world.user.split("!")[0]:
        raise not_yours(request.node)
    try:
        lines = request.world.tasks.get(request.path["upid"]).log()
    except Refused as refused:
        if refused.errors == {"upid": "no such task"}:
            lines = [{"n": 1, "t": "unable to open file - No such file or directory"}]
        else:
            raise
    if "download" in request.params and {"start", "limit"} & set(request.params):
        raise died("'download' cannot be used together with 'start' or 'limit' parameters")
    if request.params.get("download") == "1":
        return Text("".join(f"{line['t']}\n" for line in lines))
    first, limit = int(request.params.get("start", 0)), int(request.params.get("limit", 0))
    return Total(lines[first : first + limit if limit else None], len(lines))


def delete_task(request: Request) -> None:
    request.world.tasks.get(request.path["upid"]).interrupted.set()


def nodes(request: Request) -> Any:
    world = request.world
    return [
        reads.node_entry(name, up) | {"ssl_fingerprint": world.fingerprint(name)} for name, up in world.nodes.items()
    ]


def cluster_status(request: Request) -> Any:
    raise not_permitted("/", "Sys.Audit")


def node_needs_audit(request: Request) -> Any:
    raise not_yours(request.node)


def act(action: str) -> Callable[[Request], Any]:
    return lambda request: power.perform(request.call(), action)


GUEST = "/nodes/{node}/{kind}/{vmid}"
TASK = "/nodes/{node}/tasks/{upid}"
PARTS = {"node": r"[^/\s]+", "kind": "qemu|lxc", "vmid": r"[^/]+", "upid": r"[^/]+"}


def pattern(template: str) -> re.Pattern[str]:
    named = re.sub(r"\{(\w+)\}", lambda part: f"(?P<{part[1]}>{PARTS[part[1]]})", template)
    return re.compile(named)


def route(method: str, template: str, table: Table, answer: Callable[[Request], Any]) -> Route:
    key = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", f"{method} {template}")
    return Route(method, key, pattern(template), table, answer)


def of_kind(kind: str, action: str, table: Table) -> Route:
    return route("POST", f"/nodes/{{node}}/(?P<kind>{kind})/{{vmid}}/status/{action}", table, act(action))


P = parameters
ROUTES = [
    route("GET", "/version", P.NOTHING, lambda request: reads.VERSION),
    route("GET", "/cluster/resources", P.RESOURCES, lambda r: reads.resources(r.world, r.params.get("type"))),
    route("GET", "/cluster/status", P.NOTHING, cluster_status),
    route("GET", "/access/permissions", P.PERMISSIONS, lambda r: rights.permissions(r.world, r.params)),
    route("GET", "/nodes", P.NOTHING, nodes),
    route("GET", "/nodes/{node}/version", P.NOTHING, lambda request: reads.VERSION),
    route("GET", "/nodes/{node}/status", P.NOTHING, node_needs_audit),
    route("GET", "/nodes/{node}/time", P.NOTHING, node_needs_audit),
    route(
        "GET",
        "/nodes/{node}/{kind}",
        P.LIST,
        lambda r: reads.listed(r.world, r.path["kind"], r.node, r.params.get("full") == "1"),
    ),
    route("GET", f"{GUEST}/config", P.CONFIG, lambda request: reads.config(request.call())),
    route("GET", f"{GUEST}/status/current", P.NOTHING, lambda request: reads.status_current(request.call())),
    route(
        "GET", f"{GUEST}/rrddata", P.RRD, lambda r: reads.rrddata(r.world, int(r.path["vmid"]), r.params["timeframe"])
    ),
    route(
        "GET",
        "/nodes/{node}/(?P<kind>qemu)/{vmid}/agent/network-get-interfaces",
        P.NOTHING,
        lambda r: reads.agent(r.call(), "interfaces"),
    ),
    route("POST", "/nodes/{node}/(?P<kind>qemu)/{vmid}/agent/ping", P.NOTHING, lambda r: reads.agent(r.call(), "ping")),
    route(
        "GET",
        "/nodes/{node}/(?P<kind>lxc)/{vmid}/interfaces",
        P.NOTHING,
        lambda r: reads.container_interfaces(r.call()),
    ),
    *(of_kind(kind, name, table) for name, action in power.ACTIONS.items() for kind, table in action.tables.items()),
    route("GET", "/nodes/{node}/tasks", P.TASKS, tasks),
    route("GET", f"{TASK}/status", P.NOTHING, task_status),
    route("GET", f"{TASK}/log", P.LOG, task_log),
    route("GET", TASK, P.NOTHING, lambda request: [{"name": "log"}, {"name": "status"}]),
    route("DELETE", TASK, P.NOTHING, delete_task),
]
# Answered by the node that is asked, whichever node the path names.
ANY_NODE = re.compile(r".*/rrddata")


def found(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route, and what the path says in it."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    return None


def clean(path: str) -> str:
    return re.sub(r"/+", "/", path).rstrip("/") or "/"


def key(method: str, path: str) -> str:
    there = found(method, clean(path))
    return there[0].key if there else "unknown"


def answer(world: World, method: str, path: str, params: dict[str, Any]) -> Any:
    """The `data` of the answer, or a Total. Raises Refused, in the genuine order: path, rights, parameters, node, handler."""
    path = clean(path)
    there = found(method, path)
    if there is None:
        raise Refused(501, f"Method '{method} {path}' not implemented")
    route, parts = there
    rights.check(world, method, path)
    params = parameters.checked(params, route.parameters, parts)
    if "node" in parts and not ANY_NODE.fullmatch(path):
        trouble.check_node(world, parts["node"])
    if world.faults.delay_seconds:
        time.sleep(world.faults.delay_seconds)
    if is_command(method, path):
        trouble.be_late(world)
    return route.answer(Request(world, parts, params))


def is_command(method: str, path: str) -> bool:
    return method == "POST" and "/status/" in path
