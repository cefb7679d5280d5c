"""The lines that hold the promises of docs/reliability.md, each with what it is broken into, and who should notice.

`promise` is the first cell of a row there (of "Who may try how often" the first two), or a phrase of its text. A line
occurs once in its file, and tests/test_mutations.py holds both true; keep it short, so that it outlives renames beside it.
"""

from dataclasses import dataclass

OPERATIONS = "tests/vps/operations"
RECONCILE = "tests/vps/services/reconcile"
WEBHOOKS = "tests/vps/services/webhooks"


@dataclass(frozen=True)
class Mutation:
    promise: str
    file: str
    line: str
    broken: str
    tests: tuple[str, ...]


def m(promise: str, file: str, line: str, broken: str, *tests: str) -> Mutation:
    return Mutation(promise, file, line, broken, tests)


OF_OPERATIONS = [
    m(
        "an operation's deadline",
        "vps/operations/advance.py",
        "is_late = clock.now() >= operation.deadline_at",
        "is_late = False",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "an operation's deadline",
        "vps/operations/sweep.py",
        "return sum(end_overrun(id, vps_id) for id, vps_id in list(late[:500]))",
        "return 0",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a turn on a VPS",
        "vps/models/operation.py",
        "self.filter(id=operation.id, fence=operation.fence, ",
        "self.filter(id=operation.id, ",
        f"{OPERATIONS}/test_operations.py",
    ),
    m(
        "a turn on a VPS",
        "vps/models/operation.py",
        'CLAIM = {"fence": models.F("fence") + 1,',
        'CLAIM = {"fence": models.F("fence"),',
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a turn on a VPS",
        "vps/operations/advance.py",
        "Operation.objects.claim(id) if is_mine else None",
        "Operation.objects.claim(id)",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a turn on a VPS",
        "vps/operations/sweep.py",
        "break_locks(SILENT_S)",
        "break_locks(SILENT_S * 1000)",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a round over a node's guests",
        "vps/models/operation.py",
        ".update(**CLAIM, due_at=Now() + timedelta(seconds=for_seconds))",
        ".update(**CLAIM)",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a command",
        "vps/hypervisor/proxmox/tls.py",
        "if time.monotonic() > self.leave_by:",
        "if False:",
        "tests/vps/hypervisor/proxmox/test_connection.py",
    ),
    m(
        "commands sent, and workers lost in the middle of a turn",
        "vps/operations/advance.py",
        "if operation.claims > pauses.MOST_TRIES:",
        "if False:",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "commands sent, and workers lost in the middle of a turn",
        "vps/operations/begin.py",
        "if operation.attempts >= pauses.MOST_TRIES:",
        "if False:",
        f"{OPERATIONS}/test_deadlines.py",
        f"{OPERATIONS}/test_refusals.py",
        f"{OPERATIONS}/test_operations.py",
    ),
    m(
        "a bell that nobody answers",
        "vps/management/commands/sweeper.py",
        "self.see_to(operations.overdue())",
        "operations.overdue()",
        f"{OPERATIONS}/test_sweeper.py",
    ),
    m(
        "a bell that nobody answers",
        "vps/management/commands/sweeper.py",
        "self.start(operations.watch, cluster, node)",
        "continue",
        f"{OPERATIONS}/test_sweeper.py",
        f"{OPERATIONS}/test_many.py",
    ),
    m(
        "a bell that nobody answers",
        "vps/management/commands/sweeper.py",
        " or not notify.redis_check.ask()",
        "",
        f"{OPERATIONS}/test_sweeper.py",
    ),
    m(
        "a cluster that nobody has looked at",
        "vps/management/commands/sweeper.py",
        "self.start(reconcile, id)",
        "continue",
        f"{OPERATIONS}/test_sweeper.py",
    ),
    m(
        "`creating`",
        "vps/services/creation.py",
        "CREATING_LIMIT = timedelta(minutes=60)",
        "CREATING_LIMIT = timedelta(minutes=6000)",
        f"{OPERATIONS}/test_deadlines.py",
        "tests/vps/views/test_servers.py",
    ),
    m(
        "it has succeeded",
        "vps/operations/confirm.py",
        "    if is_seen_done(operation, look, hypervisor) and not may_be_undone(operation, look, hypervisor):\n",
        "    if True:\n",
        f"{OPERATIONS}/test_operations.py",
        f"{OPERATIONS}/test_reboots.py",
    ),
    m(
        "exactly one command",
        "vps/operations/follow.py",
        "if handle := new_task_of(operation, placement, hypervisor):",
        'if handle := "":',
        f"{OPERATIONS}/test_deadlines.py",
        f"{OPERATIONS}/test_operations.py",
        f"{OPERATIONS}/test_strays.py",
    ),
    m(
        "exactly one command",
        "vps/operations/request.py",
        "if not verb.may_overtake or verb_of(running).may_overtake:",
        "if not verb.may_overtake:",
        f"{OPERATIONS}/test_refusals.py",
        f"{OPERATIONS}/test_at_once.py",
        f"{OPERATIONS}/test_strays.py",
        f"{OPERATIONS}/test_outcomes.py",
    ),
    m(
        "the answer was lost",
        "vps/operations/follow.py",
        "traits.stray_s if operation.error_detail else traits.orphan_s",
        "traits.orphan_s",
        f"{OPERATIONS}/test_deadlines.py",
        f"{OPERATIONS}/test_strays.py",
        f"{OPERATIONS}/test_operations.py",
        f"{OPERATIONS}/test_clocks.py",
    ),
    m(
        "the hypervisor refused",
        "vps/operations/phases.py",
        'return not_sent(operation, step) | {"attempts": max(0, operation.attempts - 1)}',
        "return not_sent(operation, step)",
        f"{OPERATIONS}/test_locks.py",
        f"{OPERATIONS}/test_refusals.py",
        f"{OPERATIONS}/test_deadlines.py",
    ),
    m(
        "a worker died",
        "vps/operations/follow.py",
        "elif hypervisor.slowest_s > traits.quick_s:",
        "elif False:",
        f"{OPERATIONS}/test_deadlines.py",
        f"{OPERATIONS}/test_strays.py",
        f"{OPERATIONS}/test_clocks.py",
    ),
    m(
        "another API token",
        "vps/operations/phases.py",
        "    if is_hidden:\n",
        "    if False:\n",
        f"{OPERATIONS}/test_deadlines.py",
        f"{OPERATIONS}/test_strays.py",
        f"{OPERATIONS}/test_operations.py",
    ),
]

OF_HYPERVISORS = [
    m(
        "a guest's address that the main site has not said",
        "vps/services/addresses.py",
        ")[:AT_MOST]) if is_mine",
        ")) if is_mine",
        "tests/vps/services/test_addresses.py",
    ),
    m(
        "who a guest is",
        "vps/services/reconcile/ask.py",
        "in_turn(known, guests, quota(len(known)), now)",
        "in_turn(known, guests, 0, now)",
        f"{RECONCILE}/test_doubted_guests.py",
    ),
    m(
        "who a guest is",
        "vps/services/reconcile/sightings.py",
        "return is_new_start and not is_explained",
        "return False",
        f"{RECONCILE}/test_doubted_guests.py",
    ),
    m(
        "calls in flight to one cluster",
        "vps/hypervisor/proxmox/commands.py",
        "at_once=4,",
        "at_once=14,",
        "tests/vps/test_open_hypervisor.py",
    ),
    m(
        "calls in flight to one cluster",
        "vps/open_hypervisor.py",
        "leaving = 0 if for_operations else MOST_COMMANDING",
        "leaving = 0",
        "tests/vps/test_open_hypervisor.py",
        "tests/vps/services/test_addresses.py",
    ),
    m(
        "a connection, a read, a command",
        "vps/hypervisor/proxmox/transport.py",
        "timeout: Any = (CONNECT_S, read_s)",
        "timeout: Any = (60, 60)",
        "tests/vps/hypervisor/proxmox/test_answers.py",
        "tests/vps/hypervisor/proxmox/test_connection.py",
    ),
    m(
        "a connection, a read, a command",
        "vps/hypervisor/proxmox/transport.py",
        "if size > LARGEST or time.monotonic() > until:",
        "if size > LARGEST:",
        "tests/vps/hypervisor/proxmox/test_answers.py",
    ),
    m(
        "a silent cluster or node",
        "vps/open_hypervisor.py",
        "is_held_back = self.is_unreachable and",
        "is_held_back = False and",
        "tests/vps/test_open_hypervisor.py",
    ),
    m(
        "a silent cluster or node",
        "vps/models/circuit_breaker.py",
        "retry_at=Now() + pause_after(failures))",
        "retry_at=Now())",
        "tests/vps/test_open_hypervisor.py",
    ),
    m(
        "A dead node hurts only itself",
        "vps/hypervisor/proxmox/transport.py",
        'self.guard.failed(node if is_nodes else "", error)',
        'self.guard.failed("", error)',
        "tests/vps/test_open_hypervisor.py",
    ),
    m(
        "A no is not always an answer",
        "vps/hypervisor/proxmox/transport.py",
        "return is_no and bool(ESSENTIAL.fullmatch(path) or ILL.search(error.detail))",
        "return False",
        f"{RECONCILE}/test_refused_lists.py",
    ),
    m(
        "A short list is not always true",
        "vps/services/reconcile/doubt.py",
        "return NO_RIGHTS, hidden",
        'return "", []',
        f"{RECONCILE}/test_doubted_lists.py",
    ),
    m(
        "A short list is not always true",
        "vps/services/reconcile/doubt.py",
        "is_collapse = len(gone) >= MANY and 2 * len(gone) > bound",
        "is_collapse = False",
        f"{RECONCILE}/test_doubted_lists.py",
    ),
]

IDEMPOTENCY = ("tests/web/test_idempotency.py",)
OF_MAIN_SITE = [
    m(
        "a call that is repeated is done once",
        "web/idempotency.py",
        "return kept(lookup, fingerprint) or keep(",
        "return keep(",
        *IDEMPOTENCY,
    ),
    m(
        "a call that is repeated is done once",
        "web/idempotency.py",
        "            lock(lookup)\n",
        "",
        *IDEMPOTENCY,
    ),
    m(
        "a call that is repeated is done once",
        "vps/services/sync/actions.py",
        "if external_id in batch.vps_id_by_external_id:",
        "if False:",
        *IDEMPOTENCY,
        "tests/vps/api/test_sync.py",
    ),
    m(
        "a lost answer loses nothing",
        "web/idempotency.py",
        "KEPT_FOR = timedelta(days=2)",
        "KEPT_FOR = timedelta(days=0)",
        *IDEMPOTENCY,
        "tests/accounts/test_forgetting.py",
    ),
    m(
        "a lost answer loses nothing",
        "web/idempotency.py",
        "return as_json(found.body.encode(), found.status,",
        "return as_json(found.body.encode(), 200,",
        *IDEMPOTENCY,
    ),
    m(
        "an old update does not overrule a newer one",
        "vps/services/sync/actions.py",
        "return Result(batch.row(vps), is_applied=False)",
        "pass",
        *IDEMPOTENCY,
    ),
    m(
        "what was deleted stays deleted",
        "vps/services/sync/batch.py",
        "if id in self.tombstones:",
        "if False:",
        *IDEMPOTENCY,
        "tests/vps/api/test_sync.py",
    ),
    m(
        "what was deleted stays deleted",
        "vps/services/sync/actions.py",
        "batch.tombstones[id] = batch.deleted[id] = row",
        "batch.tombstones[id] = row",
        *IDEMPOTENCY,
        "tests/vps/api/test_sync.py",
    ),
    m(
        "both sides can see that they agree",
        "vps/db/digest.py",
        "cpu, ram, disk, os, hypervisor",
        "cpu, ram, disk, os",
        "tests/vps/api/test_sync_read.py",
    ),
    m(
        "events are read with nothing skipped and nothing twice",
        "vps/models/event.py",
        "self.filter(position__gt=after)",
        "self.filter(position__gte=after)",
        "tests/vps/api/test_feed.py",
        "tests/vps/api/test_events.py",
    ),
    m(
        "events are read with nothing skipped and nothing twice",
        "vps/models/event.py",
        "            lock_until_commit(ASSIGNING_POSITIONS)\n",
        "",
        "tests/vps/api/test_feed.py",
    ),
    m(
        "each event that was chosen is sent at least once, always with the same body and id",
        "vps/services/webhooks/enqueue.py",
        "if endpoint.wants(event.type)",
        "if False",
        f"{WEBHOOKS}/test_delivery.py",
    ),
    m(
        "each event that was chosen is sent at least once, always with the same body and id",
        "vps/services/webhooks/send.py",
        "CLAIMED_FOR_S = TOTAL_S + 40.0",
        "CLAIMED_FOR_S = TOTAL_S + 4000.0",
        f"{WEBHOOKS}/test_delivery.py",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
    m(
        "each event that was chosen is sent at least once, always with the same body and id",
        "vps/models/webhook_delivery.py",
        "AND mine.claims = verdict.claims",
        "",
        f"{WEBHOOKS}/test_delivery.py",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
    m(
        "webhooks of one VPS come in order",
        "vps/models/webhook_delivery.py",
        "return ripe.first_of_their_vps()",
        "return ripe",
        f"{WEBHOOKS}/test_delivery.py",
    ),
    m(
        "a main site that hangs holds up nobody",
        "vps/services/webhooks/due.py",
        "MOST_AT_ONCE = 2",
        "MOST_AT_ONCE = 20",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
    m(
        "a main site that hangs holds up nobody",
        "vps/services/webhooks/send.py",
        "        return 1\n",
        "        return WORKERS\n",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
    m(
        "webhooks go out without Redis",
        "vps/management/commands/sweeper.py",
        "self.start(webhooks.enqueue)",
        "return",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
    m(
        "webhooks go out without Redis",
        "vps/management/commands/sweeper.py",
        "self.start(webhooks.deliver, id)",
        "continue",
        f"{WEBHOOKS}/test_unreachable.py",
    ),
]

LIMITS = ("tests/accounts/test_limits.py",)
OPERATION_LIMITS = ("tests/vps/api/test_operation_limits.py",)
OF_TRIES = [
    m(
        "wrong passwords, account and address",
        "accounts/guesses.py",
        "limits.take(near, *wider)",
        "limits.take(*wider)",
        *LIMITS,
    ),
    m(
        "… from where the account was not logged in to in 90 days, address",
        "accounts/guesses.py",
        "        Count(limits.PASSWORDS_OF_NETWORK, network),\n",
        "",
        *LIMITS,
    ),
    m(
        "…, account",
        "accounts/guesses.py",
        "        Count(limits.PASSWORDS_OF_ACCOUNT, account),\n",
        "",
        *LIMITS,
    ),
    m(
        "…, the password itself, whichever accounts it is tried on",
        "accounts/guesses.py",
        "        Count(limits.PASSWORDS_ALIKE, digest(password)),\n",
        "",
        *LIMITS,
    ),
    m("…, all together", "accounts/guesses.py", "        Count(limits.PASSWORDS_OF_ALL),\n", "", *LIMITS),
    m(
        "wrong API keys, address; all together",
        "accounts/authentication.py",
        "limits.take(Count(limits.KEYS_OF_NETWORK, network), Count(limits.KEYS_OF_ALL))",
        "limits.take(Count(limits.KEYS_OF_ALL))",
        *LIMITS,
    ),
    m(
        "wrong API keys, address; all together",
        "accounts/authentication.py",
        ", Count(limits.KEYS_OF_ALL))",
        ")",
        *LIMITS,
    ),
    m(
        "wrong refresh tokens, address",
        "accounts/api.py",
        "limits.take(Count(limits.REFRESHES_OF_NETWORK, network_of(request._request)))",
        "pass",
        *LIMITS,
        "tests/accounts/test_tokens.py",
    ),
    m(
        "login links that never were, address",
        "accounts/views.py",
        "limits.take(Count(limits.LINKS_OF_NETWORK, network_of(request)))",
        "pass",
        *LIMITS,
        "tests/accounts/test_login_links.py",
    ),
    m(
        "a customer's operations, server",
        "vps/operations/limits.py",
        'Count(OF_SERVER, f"vps {vps.pk}"), ',
        "",
        *OPERATION_LIMITS,
    ),
    m(
        "…, customer",
        "vps/operations/limits.py",
        "replace(OF_ACCOUNT, most=most)",
        "replace(OF_ACCOUNT, most=10**6)",
        *OPERATION_LIMITS,
    ),
    m(
        "forced stops, server, apart from the others",
        "vps/operations/limits.py",
        'return [Count(OVERTAKING_OF_SERVER, f"vps {vps.pk}")]',
        "return []",
        *OPERATION_LIMITS,
    ),
    m(
        "Who knows a name locks nobody out",
        "accounts/guesses.py",
        "        return [near]\n",
        "        pass\n",
        *LIMITS,
    ),
    m("Hashes", "accounts/hashing.py", "AT_ONCE, WAITING = 2, 2", "AT_ONCE, WAITING = 4, 4", *LIMITS),
    m(
        "Refresh tokens",
        "accounts/tokens.py",
        "        end(family, TokenFamily.Ended.REUSED)\n",
        "",
        "tests/accounts/test_tokens.py",
    ),
    m(
        "one statement a count",
        "web/limits.py",
        "WHERE kept.count < %(most)s OR",
        "WHERE kept.count <= %(most)s OR",
        *LIMITS,
    ),
]
MUTATIONS = [*OF_OPERATIONS, *OF_HYPERVISORS, *OF_MAIN_SITE, *OF_TRIES]
