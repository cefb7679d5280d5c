"""Tasks: their ids, their course and the node's list of them. For the modules of the simulator."""

import itertools
import os
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from simulator.refusals import Refused, not_permitted, wrong_parameters

FORM = re.compile(r"UPID:([a-zA-Z0-9-]+):([0-9A-F]{8}):([0-9A-F]{8,9}):([0-9A-F]{8}):([^:\s/]+):([^:\s/]*):([^:\s/]+):")
STATUSES = ("ok", "warning", "error", "unknown")
# A node keeps about this many.
MOST_KEPT = 1000
DEFAULT_LIMIT = 50


class Failed(Exception):
    """A task's end that is not OK: the text is its exit status."""


class Task:
    """A worker process of the node, here a thread. `user` is `user@realm` or `user@realm!token`."""

    pids = itertools.count(os.getpid() % 30000 + 1000)

    def __init__(self, node: str, type: str, id: str, user: str) -> None:
        self.node, self.type, self.id, self.user = node, type, id, user
        self.pid, self.pstart, self.start = next(self.pids), int(time.monotonic() * 100), int(time.time())
        self.upid = f"UPID:{node}:{self.pid:08X}:{self.pstart:08X}:{self.start:08X}:{type}:{id}:{user}:"
        self.end: int | None = None
        self.exit_status = ""
        self.interrupted = threading.Event()
        self.lines: list[str] = []

    def run(self, work: Callable[["Task"], None]) -> None:
        threading.Thread(target=self.work, args=(work,), daemon=True).start()

    def work(self, work: Callable[["Task"], None]) -> None:
        try:
            work(self)
            self.exit_status = "OK"
        except Failed as failed:
            self.exit_status = str(failed)
        self.end = int(time.time())

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises Failed when the task is deleted or overruled meanwhile."""
        if self.interrupted.wait(seconds):
            raise Failed("received interrupt")

    @property
    def is_running(self) -> bool:
        return self.end is None

    def split_user(self) -> dict[str, str]:
        user, bang, token = self.user.partition("!")
        return {"user": user} | ({"tokenid": token} if bang else {})

    def facts(self) -> dict[str, Any]:
        names = {"upid": self.upid, "node": self.node, "pid": self.pid, "pstart": self.pstart}
        return names | {"starttime": self.start, "type": self.type, "id": self.id}

    def listed(self) -> dict[str, Any]:
        """An active task bears its user in full, an archived one has its token apart."""
        if self.is_running:
            return self.facts() | {"user": self.user, "status": "RUNNING", "saved": "0"}
        return self.facts() | self.split_user() | {"status": self.exit_status, "endtime": self.end}

    def status(self) -> dict[str, Any]:
        end = {"status": "running"} if self.is_running else {"status": "stopped", "exitstatus": self.exit_status}
        return self.facts() | self.split_user() | end

    def log(self) -> list[dict[str, Any]]:
        end = "TASK OK" if self.exit_status == "OK" else f"TASK ERROR: {self.exit_status}"
        lines = self.lines if self.is_running else [*self.lines, end]
        return [{"n": number, "t": line} for number, line in enumerate(lines or ["no content"], 1)]


class Tasks:
    """All nodes' tasks, newest last."""

    def __init__(self) -> None:
        self.all: list[Task] = []
        self.lock = threading.Lock()

    def start(self, node: str, type: str, id: str, user: str, work: Callable[[Task], None]) -> Task:
        task = Task(node, type, id, user)
        with self.lock:
            self.all = [*self.all[-MOST_KEPT:], task]
        task.run(work)
        return task

    def running(self, node: str, type: str, id: str) -> list[Task]:
        found = (task for task in self.all if task.is_running)
        return [task for task in found if (task.node, task.type, task.id) == (node, type, id)]

    def get(self, upid: str) -> Task:
        if not FORM.fullmatch(upid):
            raise wrong_parameters(upid="unable to parse worker upid")
        task = next((task for task in self.all if task.upid == upid), None)
        if task is None:
            raise wrong_parameters(upid="no such task")
        return task

    def list(self, node: str, owner: str, given: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
        """(one page, number of all that pass the filters). Active ones first, then those that ended last."""
        words(given.get("statusfilter", ""))
        source = given.get("source", "archive")
        mine = [task for task in self.all if task.node == node and task.user.split("!")[0] == owner.split("!")[0]]
        mine = [task for task in mine if source == "all" or task.is_running == (source == "active")]
        mine = [task for task in mine if passes(task, given)]
        mine.sort(key=lambda task: (not task.is_running, -(task.end or 0), -task.start, -task.pid))
        first, limit = int(given.get("start", 0)), int(given.get("limit", DEFAULT_LIMIT))
        return [task.listed() for task in mine[first : first + limit]], len(mine)


def passes(task: Task, given: dict[str, Any]) -> bool:
    listed = task.listed()
    tests: dict[str, Callable[[Any], bool]] = {
        "vmid": lambda value: task.id == str(int(value)),
        "typefilter": lambda value: task.type == value,
        "userfilter": lambda value: value.lower() in listed["user"].lower(),
        "since": lambda value: task.start >= int(value),
        "until": lambda value: task.start <= int(value),
        "errors": lambda value: str(value) == "0" or task.exit_status != "OK",
        "statusfilter": lambda value: kind_of_end(task) in words(value),
    }
    return all(tests[name](value) for name, value in given.items() if name in tests)


def words(value: Any) -> list[str]:
    given = ",".join(value) if isinstance(value, list) else str(value)
    found = [word.strip().lower() for word in given.split(",") if word.strip()]
    for word in found:
        if word not in STATUSES:
            raise wrong_parameters(statusfilter=f"invalid format - invalid status '{word}'\n")
    return found


def kind_of_end(task: Task) -> str:
    if task.is_running:
        return "unknown"
    if task.exit_status.startswith("WARNINGS"):
        return "warning"
    return "ok" if task.exit_status == "OK" else "error"


def not_yours(node: str) -> Refused:
    return not_permitted(f"/nodes/{node}", "Sys.Audit")
