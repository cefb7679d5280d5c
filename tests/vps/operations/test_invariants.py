"""Hypothesis plays the main site, Alice, Bob, the workers and misfortune, and after each step what must hold holds.

The ordinary run is short and the same each time. `HYPOTHESIS_PROFILE=chaos pytest -n0 -s` with this file's name
plays at length, with another seed each time, which it prints; HYPOTHESIS_SEED takes it again, EXAMPLES says how many.
"""

import os
import random
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django import conf
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.verbs import WITH_ADDRESS, call_of, power_before
from tests.vps.operations.invariants import Server, Story, all_rows, nothing_is_late, what_is_shown_is_so
from tests.vps.operations.stage import Stage, stage
from tests.vps.operations.suspended import (
    each_has_the_power_that_it_should,
    is_surely,
    note_suspension,
    row_of,
    wait_out,
)
from vps import operations
from vps.models import Operation, Placement, Suspension
from vps.operations.suspensions import LONGEST_PAUSE
from vps.operations.verbs import VERBS
from vps.services import binding
from vps.services.reconcile import reconcile
from web.crash_points import POINTS
from web.models import LimitCount

__all__ = ["stage"]

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "suite")
common: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "report_multiple_bugs": False,
}
settings.register_profile(
    "suite", max_examples=6, stateful_step_count=10, derandomize=True, phases=[Phase.generate], **common
)
settings.register_profile(
    "chaos", max_examples=int(os.environ.get("EXAMPLES", "150")), stateful_step_count=40, **common
)

MOST_ALIVE = 3
NODES = ("pve1", "pve2")
KINDS = tuple(VERBS)
OVERTAKING = [name for name, verb in VERBS.items() if verb.may_overtake]
ENDPOINTS = ("", "/stats", "/operations", *(f"/{name}" for name in WITH_ADDRESS))
MISFORTUNES = ("silence", "end of silence", "away", "back", "arrival", "running", "stopped", "lock", "free", *NODES)
SUSPENDING = ("suspend", "order", "keep", "lift")
OTHERS = ("work", "sweep", "hear", "enforce", "turn", "delete", *SUSPENDING, *KINDS)
# What goes wrong, and at which point of a worker's turn.
Trouble = tuple[str, str]
TROUBLES: list[Trouble] = [
    *[("", "")] * 8,
    *[(lost, "") for lost in ("answer", "late", "lost")] * 6,
    *[("death", point) for point in POINTS] * 3,
    *[(other, point) for other in OTHERS for point in POINTS],
    # What ends an operation in other hands.
    *[(other, point) for other in (*OVERTAKING, "delete") for point in POINTS] * 5,
    *[(other, point) for other in ("order", "lift") for point in POINTS] * 2,
]


def one_of(options: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Each as often as the others. Left alone, Hypothesis draws the same few again and again, for it looks for a fault in
    one value, while ours are in what meets what."""
    return st.integers(0, 2**64 - 1).map(lambda number: random.Random(number).choice(options))


# Which of those that there are.
picks = one_of(range(MOST_ALIVE))
kinds = one_of(KINDS)
guests = one_of(["qemu", "lxc"])
powers = one_of(["running", "stopped"])
orders = one_of(["stop", "stop", "stop", "keep"])
lifting = one_of(["running", "stopped"])
statuses = one_of(["running", "running", "running", "stopped", "suspended"])
troubles = one_of(TROUBLES)
flags = st.booleans()
pauses = one_of([1, 3, 12])
rounds = one_of(range(4))


class Panel(RuleBasedStateMachine):
    """Rules are who does what; each carries on whatever comes of it, for what is right is for the invariants to say."""

    def __init__(
        self, stage: Stage, owner: int, alice: Client, bob: Client, main_site: Callable[..., Any], key: Client
    ) -> None:
        super().__init__()
        self.stage, self.owner, self.alice, self.bob, self.main_site = stage, owner, alice, bob, main_site
        self.key = key
        self.story = Story()
        stage.clear()

    @property
    def cluster(self) -> int:
        id: int = self.stage.cluster.pk
        return id

    def those(self, *, deleted: bool) -> list[Server]:
        return [server for server in self.story.servers.values() if server.is_deleted == deleted]

    def alive(self, pick: int) -> Server:
        servers = self.those(deleted=False)
        return servers[pick % len(servers)]

    def dead(self, pick: int) -> Server:
        servers = self.those(deleted=True)
        return servers[pick % len(servers)]

    def is_any_alive(self) -> bool:
        return bool(self.those(deleted=False))

    def is_any_dead(self) -> bool:
        return bool(self.those(deleted=True))

    def suspended(self) -> list[Server]:
        return [server for server in self.those(deleted=False) if server.columns["status"] == "suspended"]

    def is_any_suspended(self) -> bool:
        return bool(self.suspended())

    def has_room(self) -> bool:
        return len(self.those(deleted=False)) < MOST_ALIVE

    # The main site

    @initialize(kind=guests, state=powers)
    def it_begins_with_a_server(self, kind: str, state: str) -> None:
        self.create({"status": state}, self.stage.guest(kind, state))
        self.identify()

    @precondition(has_room)
    @rule(pick=picks, kind=guests, state=powers, status=one_of(["stopped", "stopped", "creating"]), is_new=flags)
    def the_main_site_creates(self, pick: int, kind: str, state: str, status: str, is_new: bool) -> None:
        """There is no key to tell a retry by: it is another server, whose guest is the first one's, or a deleted one's."""
        servers = list(self.story.servers.values())
        first = servers[-1 - pick % len(servers)]
        if is_new:
            self.create({"status": status}, self.stage.guest(kind, state))
        else:
            self.create(first.columns, first.vmid)

    def create(self, columns: dict[str, Any], vmid: int | None) -> None:
        plain = {"name": f"server-{len(self.story.servers)}", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
        where = {"placement": self.placement(vmid)} if vmid else {}
        answer = self.main_site("create", user_id=self.owner, **plain | columns, **where)
        is_taken = vmid in {other.vmid for other in self.those(deleted=False)} - {None}
        assert answer.status_code == (409 if is_taken else 201)
        if not is_taken:
            id = answer.json()["vps"]["id"]
            assert id not in self.story.servers
            self.story.servers[id] = Server(id, vmid, plain | columns)

    def placement(self, vmid: int) -> dict[str, Any]:
        guest = self.stage.world.guests[vmid]
        return {"cluster": "simulated", "node": guest.node, "vmid": vmid, "kind": guest.kind}

    @precondition(is_any_alive)
    @rule(pick=picks, status=statuses)
    def the_main_site_updates(self, pick: int, status: str) -> None:
        self.update(self.alive(pick), status)

    def update(self, server: Server, status: str, **more: Any) -> None:
        was, sure = row_of(server), is_surely(server, self.stage)
        answer = self.main_site("update", id=server.id, status=status, **more)
        assert answer.status_code == (409 if server.is_deleted else 200)
        if not server.is_deleted:
            note_suspension(server, was, sure, status, more.get("suspension"))
            self.stage.tally["owed"] += server.is_owed
            server.columns = server.columns | {"status": status}

    @precondition(is_any_alive)
    @rule(pick=picks, power=orders, reason=one_of(["unpaid", "abuse"]), is_observed=flags, seconds=pauses, times=rounds)
    def the_main_site_suspends(
        self, pick: int, power: str, reason: str, is_observed: bool, seconds: int, times: int
    ) -> None:
        """Or says another word of what is suspended."""
        if is_observed:
            self.stage.rest()
            self.reconcile()
        self.suspend(self.alive(pick), power, reason)
        self.let_time_go_on(seconds, times)

    def suspend(self, server: Server, power: str, reason: str = "unpaid") -> None:
        self.update(server, "suspended", suspension={"reason": reason, "power": power})

    @precondition(is_any_suspended)
    @rule(pick=picks, status=lifting, seconds=pauses, times=rounds)
    def the_main_site_lifts(self, pick: int, status: str, seconds: int, times: int) -> None:
        servers = self.suspended()
        self.update(servers[pick % len(servers)], status)
        self.let_time_go_on(seconds, times)

    @precondition(is_any_alive)
    @rule(pick=picks, first=troubles, second=troubles, seconds=pauses, times=rounds)
    def alice_pays_late(self, pick: int, first: Trouble, second: Trouble, seconds: int, times: int) -> None:
        """What has not gone down, or come up, by then is left to whoever comes next."""
        server = self.alive(pick)
        self.stage.rest()
        self.reconcile()
        self.suspend(server, "stop")
        for trouble, status in ((first, ""), (second, "running")):
            self.make_trouble(server, trouble)
            if status:
                self.update(server, status)
            self.enforce()
            self.work()
            self.let_time_go_on(seconds, times)

    @precondition(is_any_suspended)
    @rule(pick=picks, then=one_of(["", "stop", "keep"]), trouble=troubles, seconds=pauses, times=rounds)
    def it_is_suspended_for_a_moment(self, pick: int, then: str, trouble: Trouble, seconds: int, times: int) -> None:
        """It is lifted while the guest goes down, and perhaps suspended again while it comes up."""
        servers = self.suspended()
        server = servers[pick % len(servers)]
        self.make_trouble(server, trouble)
        self.enforce()
        self.work()
        self.update(server, "running")
        self.enforce()
        self.work()
        if then and not server.is_deleted:
            self.suspend(server, then)
        self.let_time_go_on(seconds, times)

    @precondition(is_any_suspended)
    @rule(pick=picks, trouble=troubles, seconds=pauses, times=rounds)
    def the_panel_enforces(self, pick: int, trouble: Trouble, seconds: int, times: int) -> None:
        """What is to be down is asked to go down, and a worker takes the turn; whatever happens, time goes on."""
        servers = self.suspended()
        self.make_trouble(servers[pick % len(servers)], trouble)
        wait_out()
        self.reconcile()
        self.enforce()
        self.work()
        self.let_time_go_on(seconds, times)

    @rule()
    def two_enforce_at_once(self) -> None:
        wait_out()
        self.at_once(operations.enforce_suspensions)

    @precondition(is_any_alive)
    @rule(pick=picks)
    def the_main_site_deletes(self, pick: int) -> None:
        self.delete(self.alive(pick))

    def delete(self, server: Server) -> None:
        perhaps = Operation.objects.filter(vps=server.id, handle="", intent_at__isnull=False)
        may_arrive, sent_before = set(perhaps.values_list("pk", flat=True)), len(self.stage.sent)
        answer = self.main_site("delete", id=server.id)
        assert answer.status_code == 200
        assert answer.json().get("already_deleted", False) == server.is_deleted
        if not server.is_deleted:
            server.is_deleted, server.may_arrive, server.sent_before = True, may_arrive, sent_before

    @precondition(is_any_dead)
    @rule(pick=picks, status=statuses, kind=kinds)
    def all_come_too_late_for_a_deleted_server(self, pick: int, status: str, kind: str) -> None:
        """The delete too, by somebody who has not heard the answer."""
        server = self.dead(pick)
        self.update(server, status)
        self.delete(server)
        self.ask(server, kind)

    # Customers

    @precondition(is_any_alive)
    @rule(pick=picks, kind=kinds, seconds=pauses, times=rounds)
    def alice_asks(self, pick: int, kind: str, seconds: int, times: int) -> None:
        self.ask(self.alive(pick), kind)
        self.let_time_go_on(seconds, times)

    @precondition(is_any_alive)
    @rule(pick=picks, kind=kinds, trouble=troubles, seconds=pauses, times=rounds)
    def alice_is_served(self, pick: int, kind: str, trouble: Trouble, seconds: int, times: int) -> None:
        """She asks for what makes sense, and a worker takes the turn; whatever happens, time goes on."""
        server = self.alive(pick)
        self.ask(server, self.sensible(server, kind))
        self.make_trouble(server, trouble)
        self.work()
        self.let_time_go_on(seconds, times)

    @precondition(is_any_alive)
    @rule(pick=picks, kind=kinds, then=kinds, first=troubles, second=troubles, seconds=pauses, times=rounds)
    def alice_changes_her_mind(
        self, pick: int, kind: str, then: str, first: Trouble, second: Trouble, seconds: int, times: int
    ) -> None:
        """A forced stop overtakes what she has asked for before, and she asks for something else when it is done."""
        server = self.alive(pick)
        self.ask(server, self.sensible(server, kind))
        self.make_trouble(server, first)
        self.work()
        self.ask(server, "force-stop")
        self.work()
        self.let_time_go_on(1, 2)
        self.ask(server, self.sensible(server, then))
        self.make_trouble(server, second)
        self.work()
        self.let_time_go_on(seconds, times)

    def sensible(self, server: Server, kind: str) -> str:
        """What a guest in this state can be asked for, so that most is worth a command."""
        if server.vmid is None:
            return kind
        is_up = self.stage.world.guests[server.vmid].power == "running"
        return (kind if power_before(kind) == "running" else "reboot") if is_up else "start"

    def make_trouble(self, server: Server, trouble: Trouble) -> None:
        what, point = trouble
        if what in ("answer", "late", "lost"):
            self.lose(what)
        elif what == "death":
            self.stage.plot = (point, self.stage.die)
        elif what:
            self.in_the_middle_of_the_next_round(server, point, what)

    def let_time_go_on(self, seconds: int, times: int) -> None:
        for _ in range(times):
            self.stage.rest()
            self.stage.pass_time(seconds)
            self.stage.let(self.go_round)

    @precondition(is_any_alive)
    @rule(pick=picks, kind=kinds, seconds=pauses, times=rounds)
    def the_main_site_asks(self, pick: int, kind: str, seconds: int, times: int) -> None:
        server = self.alive(pick)
        path, body = call_of(kind)
        answer = self.key.post(f"/api/vps/sync/{server.id}/{path}", body, content_type="application/json")
        self.check_answer(server, kind, answer)
        self.let_time_go_on(seconds, times)

    def ask(self, server: Server, kind: str) -> None:
        answer = self.stage.let(self.press, server, kind)
        if answer is not None:
            self.check_answer(server, kind, answer)

    def press(self, server: Server, kind: str) -> Any:
        path, body = call_of(kind)
        return self.alice.post(f"/api/vps/{server.id}/{path}", body, content_type="application/json")

    def check_answer(self, server: Server, kind: str, answer: Any) -> None:
        if server.is_deleted:
            assert answer.status_code == 404
        elif server.columns["status"] in ("suspended", "creating") or server.vmid is None:
            assert answer.status_code == 409
        else:
            assert answer.status_code in (202, 409, 503)
        if answer.status_code == 202:
            id = answer.json()["operation"]["id"]
            assert id not in self.story.accepted
            self.story.accepted[id] = (server.id, VERBS[kind].kind, VERBS[kind].is_forced)

    @precondition(is_any_alive)
    @rule(pick=picks, kind=kinds, seconds=pauses, times=rounds)
    def alice_clicks_twice(self, pick: int, kind: str, seconds: int, times: int) -> None:
        """At once: of two clicks one is taken at most."""
        server, plot = self.alive(pick), self.stage.plot
        self.stage.plot = None
        answers = self.at_once(lambda: self.press(server, kind))
        for answer in answers:
            self.check_answer(server, kind, answer)
        assert sorted(answer.status_code == 202 for answer in answers) in ([False, False], [False, True])
        self.stage.plot = plot
        self.let_time_go_on(seconds, times)

    def at_once(self, call: Callable[[], Any]) -> list[Any]:
        """What two got who did this at once, each with a connection of his own."""
        answers: list[Any] = []

        def run() -> None:
            try:
                answers.append(call())
            finally:
                connection.close()

        callers = [threading.Thread(target=run) for _ in range(2)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
        assert len(answers) == len(callers)
        return answers

    @precondition(is_any_alive)
    @rule(pick=picks, endpoint=one_of(ENDPOINTS))
    def bob_tries(self, pick: int, endpoint: str) -> None:
        before = Operation.objects.count()
        send = self.bob.post if endpoint.removeprefix("/") in KINDS else self.bob.get
        assert send(f"/api/vps/{self.alive(pick).id}{endpoint}").status_code == 404
        assert self.bob.get("/api/vps").json()["vps"] == []
        for id in self.story.accepted:
            assert self.bob.get(f"/api/operations/{id}").status_code == 404
        assert Operation.objects.count() == before

    # Workers

    @rule(what=one_of(["work", "watch", "watch", "sweep", "sweep", "hear", "identify", "enforce"]))
    def a_worker_does_its_duty(self, what: str) -> None:
        duties: dict[str, Callable[[], Any]] = {
            "work": self.work,
            "watch": self.watch,
            "sweep": self.sweep_all,
            "hear": self.reconcile,
            "identify": self.identify,
            "enforce": self.enforce,
        }
        duties[what]()

    def work(self) -> None:
        self.stage.let(operations.work, self.cluster)

    def watch(self) -> None:
        for node in NODES:
            self.stage.let(operations.watch, self.cluster, node)

    def reconcile(self) -> None:
        reconcile(self.cluster)

    def enforce(self) -> None:
        operations.enforce_suspensions()

    def sweep_all(self) -> None:
        """Also what the one who died has left."""
        self.stage.let(self.sweep)
        self.stage.let(self.sweep)
        nothing_is_late()

    def sweep(self) -> None:
        found = operations.overdue()
        for cluster in found.work:
            operations.work(cluster)
        for cluster, node in found.watch:
            operations.watch(cluster, node)
        operations.enforce()

    def identify(self) -> None:
        for id in Placement.objects.values_list("pk", flat=True):
            binding.identify(id)

    @rule(seconds=pauses, times=rounds)
    def life_goes_on(self, seconds: int, times: int) -> None:
        self.let_time_go_on(seconds, times)

    def go_round(self) -> None:
        operations.work(self.cluster)
        for node in NODES:
            operations.watch(self.cluster, node)
        reconcile(self.cluster)
        self.enforce()

    # The world

    @rule(seconds=one_of([1, 5, 12, 40, 70, 200]))
    def time_passes(self, seconds: int) -> None:
        """Workers do nothing meanwhile; the cluster is heard, for else nobody may ask for anything."""
        self.stage.rest()
        self.stage.pass_time(seconds)
        reconcile(self.cluster)

    @precondition(is_any_alive)
    @rule(pick=picks, what=one_of(MISFORTUNES))
    def misfortune_comes(self, pick: int, what: str) -> None:
        vmid = self.alive(pick).vmid
        if what in ("silence", "end of silence"):
            self.stage.ail(refuse=what == "silence")
        elif what in ("away", "back"):
            self.stage.rest()
            self.stage.send_away(NODES[pick % len(NODES)], is_away=what == "away")
        elif what == "arrival":
            self.stage.strays_arrive()
        elif vmid:
            self.trouble_a_guest(vmid, what)

    @precondition(is_any_alive)
    @rule(pick=picks, trouble=troubles)
    def trouble_awaits_the_next(self, pick: int, trouble: Trouble) -> None:
        self.make_trouble(self.alive(pick), trouble)
        self.work()
        self.watch()

    def lose(self, what: str) -> None:
        if what == "answer":
            self.stage.simulated.call("PATCH", "faults", {"lose_answers": 1})
        else:
            self.stage.fate = what

    def trouble_a_guest(self, vmid: int, what: str) -> None:
        """Nothing moves while something is done to it."""
        if what in ("running", "stopped"):
            self.story.power_changes_by_itself(vmid)
            self.stage.simulated.call("POST", f"guests/{vmid}/power", {"power": what})
        elif what in NODES:
            self.stage.rest()
            self.stage.simulated.change(vmid, node=what)
        else:
            self.stage.simulated.change(vmid, lock="backup" if what == "lock" else "")

    def in_the_middle_of_the_next_round(self, server: Server, point: str, what: str) -> None:
        """While a worker stands at this point, as one that was paused, somebody else does this."""
        acts: dict[str, Callable[[], Any]] = {
            "work": self.work,
            "sweep": self.sweep,
            "hear": self.reconcile,
            "turn": lambda: server.vmid and self.trouble_a_guest(server.vmid, "running"),
            "delete": lambda: self.delete(server),
            "enforce": self.enforce,
            "suspend": lambda: self.update(server, "suspended"),
            "order": lambda: self.suspend(server, "stop"),
            "keep": lambda: self.suspend(server, "keep"),
            "lift": lambda: self.update(server, "running"),
        }
        act = acts.get(what) or (lambda: self.ask(server, what))

        def act_and_look() -> None:
            act()
            self.story.note()

        self.stage.plot = (point, self.stage.meanwhile(what, act_and_look))

    # What holds

    @invariant()
    def all_invariants_hold(self) -> None:
        self.stage.tally["steps"] += 1
        LimitCount.objects.all().delete()  # how much she may ask a minute is not what is played for
        self.stage.let_old_strays_arrive()
        self.story.check(self.stage)

    def teardown(self) -> None:
        """All trouble ends, and so does what was asked; then there is nothing left to do."""
        if sys.exc_info()[0] is not None:
            return
        self.calm_down()
        self.come_to_an_end()
        self.wait_for_power()
        self.story.check(self.stage)
        what_is_shown_is_so(self.stage)
        each_has_the_power_that_it_should(self.story.servers.values(), self.stage)
        self.nothing_is_left_to_do()
        self.stage.tally.update(f"{one.kind} {one.state} {one.error_code}" for one in Operation.objects.all())

    def calm_down(self) -> None:
        self.stage.plot, self.stage.fate = None, ""
        self.stage.simulated.call("PATCH", "faults", {"lose_answers": 0})
        self.stage.strays_arrive()
        for vmid in self.stage.world.guests:
            self.stage.simulated.change(vmid, lock="")
        self.stage.answer_again()

    def come_to_an_end(self) -> None:
        """No deadline is longer than 300 s."""
        for _ in range(40):
            self.stage.rest()
            self.go_round()
            self.sweep()
            if not Operation.objects.open().exists():
                break
            self.stage.pass_time(10)
        assert not Operation.objects.open().exists()
        self.stage.rest()
        self.identify()
        self.go_round()

    def wait_for_power(self) -> None:
        """What is to be stopped, or started, is asked for again after its pause."""
        for _ in range(4):
            if Suspension.objects.exists():
                self.stage.pass_time(int(LONGEST_PAUSE.total_seconds()) + 1)
                self.come_to_an_end()

    def nothing_is_left_to_do(self) -> None:
        before = all_rows(self.stage)
        for _ in range(2):
            self.go_round()
            self.sweep()
        assert all_rows(self.stage) == before


def chosen_seed() -> int:
    return int(os.environ.get("HYPOTHESIS_SEED") or random.randrange(2**32))


def test_panel_keeps_its_invariants_whatever_happens(
    stage: Stage, alice: Any, bob: Any, with_token: Any, main_site: Any
) -> None:
    key = Client(headers={"x-api-key": conf.settings.MAIN_SITE_API_KEYS[0]})

    def new_panel() -> Panel:
        return Panel(stage, alice.pk, with_token(alice), with_token(bob), main_site, key)

    if PROFILE != "suite":
        number = chosen_seed()
        print(f"HYPOTHESIS_SEED={number}")  # noqa: T201  for whoever wants to see it again
        seed(number)(new_panel)
    run_state_machine_as_test(new_panel, settings=settings.get_profile(PROFILE))
    print(*sorted(stage.tally.items()), sep="\n")  # noqa: T201  what was played
