"""`manage.py sweeper`: the process that brings back what was left lying, with a broker or without. See operations.sweep.

It rings for what is overdue; what nobody answers for, it does itself, and looks at clusters that nobody looks at. Two of
them are harmless.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django.db.utils import Error as DatabaseError

from accounts import mails
from vps import notify, operations
from vps.db import digest_sum
from vps.db.signs import Signs
from vps.models import Cluster
from vps.services import creation, webhooks
from vps.services.reconcile import reconcile

log = logging.getLogger(__name__)

EVERY_S = 2.0
# Where nobody answered a bell, none is waited for again for so long.
ALONE_S = 30.0
# More than two rounds of reconcile: what is not heard for 45 s is shown as unknown.
UNOBSERVED_S = 25.0
# A cluster that hangs holds one of its workers, and not the sweeping.
WORKERS = 8


class Command(BaseCommand):
    help = "Bring back operations whose message was lost or whose worker died, and end what is out of time."
    # They load every page and form, for code that the tests have checked.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        is_over = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: is_over.set())
        sweeper = Sweeper()
        while not is_over.wait(EVERY_S):
            sweeper.sweep()
        sweeper.workers.shutdown(wait=False, cancel_futures=True)


def signs() -> Iterator[Any]:
    """Of all that a round sees to."""
    yield from operations.signs()
    yield from creation.signs()
    yield from webhooks.signs()
    yield from digest_sum.signs()
    yield Cluster.objects.active().unobserved(UNOBSERVED_S)
    if settings.MAILS_ARE_ON:
        yield from mails.signs()


class Sweeper:
    def __init__(self) -> None:
        self.workers = ThreadPoolExecutor(WORKERS)
        self.at_work: dict[Any, Future[None]] = {}
        self.alone_until = 0.0
        self.signs = Signs(signs())

    def sweep(self) -> None:
        """A database that is away is waited for, as everybody else does."""
        guarded(self.round)

    def round(self) -> None:
        """Where bells are of use, and one statement finds no sign of anything that is late, there is nothing to see to."""
        if not self.is_alone and not self.signs.are_there() and notify.redis_check.ask():
            return
        if count := operations.enforce():
            log.warning("%s operations were out of time", count)
        if count := creation.enforce():
            log.warning("%s servers were not created in time", count)
        if operations.overdue(operations.NEGLECTED_S) or not notify.redis_check.ask():
            self.alone_until = time.monotonic() + ALONE_S
        self.see_to(operations.overdue())
        for id in Cluster.objects.active().unobserved(UNOBSERVED_S).values_list("id", flat=True):
            self.start(reconcile, id)
        if operations.are_suspensions_neglected():
            self.start(operations.enforce_suspensions)
        self.see_to_webhooks()
        self.see_to_digest()
        if settings.MAILS_ARE_ON and mails.is_neglected(0 if self.is_alone else mails.NEGLECTED_S):
            self.start(mails.send_due)

    @property
    def is_alone(self) -> bool:
        """Whether bells have lately been of no use."""
        return time.monotonic() < self.alone_until

    def see_to_webhooks(self) -> None:
        """What nobody has enqueued or sent, or at once where bells have lately been of no use."""
        found = webhooks.neglected(0) if self.is_alone else webhooks.neglected()
        if found.is_feed:
            self.start(webhooks.enqueue)
        for id in found.endpoints:
            self.start(webhooks.deliver, id)

    def see_to_digest(self) -> None:
        """No bell rings for it."""
        digest_sum.fold()
        if digest_sum.is_check_due():
            self.run(digest_sum.check)

    def see_to(self, found: operations.Sweep) -> None:
        """Ring, or where bells have lately been of no use, do it."""
        if self.is_alone:
            self.work_off(found)
        else:
            self.ring(found)

    def ring(self, found: operations.Sweep) -> None:
        for cluster in found.work:
            notify.worker("work", cluster)
        for cluster, node in found.watch:
            notify.worker("watch", cluster, node)

    def work_off(self, found: operations.Sweep) -> None:
        for cluster in found.work:
            self.start(operations.work, cluster)
        for cluster, node in found.watch:
            self.start(operations.watch, cluster, node)

    def start(self, verb: Callable[..., Any], *args: Any) -> None:
        if self.run(verb, *args):
            log.warning("nobody answered a bell, so %s%r is done here", verb.__name__, args)

    def run(self, verb: Callable[..., Any], *args: Any) -> bool:
        """Unless it is at that already. Whether it was begun."""
        key = (verb, *args)
        self.at_work = {key: future for key, future in self.at_work.items() if not future.done()}
        if key in self.at_work:
            return False
        self.at_work[key] = self.workers.submit(guarded, verb, *args)
        self.at_work[key].add_done_callback(log_failure)
        return True


def log_failure(future: Future[None]) -> None:
    """Nobody else asks a worker how it went."""
    if not future.cancelled() and (error := future.exception()):
        log.error("a hand came to nothing", exc_info=error)


def guarded(call: Callable[..., Any], *args: Any) -> None:
    """The loop outlives a database that restarts; each worker has a connection of its own, and keeps no broken one."""
    close_old_connections()
    try:
        call(*args)
    except DatabaseError:
        log.warning("the database failed, so this round is lost", exc_info=True)
        connection.close()
