"""Deliver what is due at one endpoint. The task `deliver` and the sweeper call it; often is harmless.

One process at a time is at it for an endpoint, and two in all: a main site that hangs takes no more workers than that.
Of one VPS the events go in their order, several VPSs at a time. Threads call and the process writes: no transaction is
open during a call, and the connection that holds the lock speaks between two of them.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import requests
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vps import notify
from vps.db.encrypted import CannotDecrypt
from vps.db.locks import DELIVERING, DELIVERY_SLOT, try_lock, try_lock_one_of
from vps.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from vps.services.webhooks.call import TOTAL_S, Answer, call
from vps.services.webhooks.connection import open_session
from vps.services.webhooks.due import MOST_AT_ONCE, due_endpoints, next_in_s
from vps.services.webhooks.sign import headers_of
from vps.services.webhooks.verdict import verdict

log = logging.getLogger(__name__)

WORKERS = 4
# So many are claimed in one go while all goes well: those that no worker has begun are released at the first failure.
MOST_CLAIMED = 16
# A run goes on for so long, and then leaves the rest to another bell.
WORKS_FOR_S = 20.0
# What was claimed is nobody else's for so long: after that its sender has died.
CLAIMED_FOR_S = TOTAL_S + 40.0
# What is due sooner has a bell of its own; for the rest the clock rings.
SOON_S = 60.0


def deliver(endpoint_id: int) -> None:
    """Send until nothing is due. Where somebody is at it, they see to it."""
    with try_lock_one_of([(DELIVERY_SLOT, number) for number in range(MOST_AT_ONCE)]) as has_slot:
        sent = has_slot and deliver_alone(endpoint_id)
    seconds = next_in_s(endpoint_id) if sent else None
    if seconds is not None and seconds < SOON_S:
        ring_for_others(endpoint_id)
        notify.worker("deliver", endpoint_id, after_seconds=seconds)


def ring_for_others(endpoint_id: int) -> None:
    """Bells are answered in their order: before ours, those of endpoints that found no slot while this run had it."""
    for id in due_endpoints():
        if id != endpoint_id:
            notify.worker("deliver", id)


def deliver_alone(endpoint_id: int) -> int:
    with try_lock(DELIVERING, endpoint_id) as is_mine:
        if not is_mine:
            return 0
        workers = ThreadPoolExecutor(WORKERS)
        try:
            with open_session(allow_private=settings.WEBHOOKS_ALLOW_PRIVATE) as session:
                return Run(endpoint_id, session, workers).work()
        finally:
            # Where the database failed, what no worker has begun is not sent: nobody could record what came of it.
            workers.shutdown(cancel_futures=True)


class Run:
    """One run over an endpoint. `calls` are on their way, or the next to go."""

    def __init__(self, endpoint_id: int, session: requests.Session, workers: ThreadPoolExecutor) -> None:
        self.endpoint_id, self.session, self.workers = endpoint_id, session, workers
        self.calls: dict[Future[Answer], WebhookDelivery] = {}
        self.endpoint: WebhookEndpoint | None = None
        self.until = time.monotonic() + WORKS_FOR_S

    def work(self) -> int:
        """Returns how many answers there were."""
        answers = 0
        self.begin()
        while self.calls:
            answers += self.end()
            self.begin()
        return answers

    def begin(self) -> None:
        """Go on with what is due, where workers are free. What staff did meanwhile holds for what no worker has begun, too."""
        if time.monotonic() > self.until:
            return
        endpoint = WebhookEndpoint.objects.open_now().filter(id=self.endpoint_id).first()
        if endpoint is None or self.endpoint is None or endpoint.url != self.endpoint.url:
            self.release()
        if endpoint is not None and len(self.calls) < WORKERS:
            self.send(endpoint)

    def send(self, endpoint: WebhookEndpoint) -> None:
        """Where nothing can be signed nothing is claimed: staff see why, and what is due waits."""
        try:
            signing = endpoint.live_secrets(timezone.now())
        except CannotDecrypt as error:
            log.error("nothing is sent to webhook endpoint %s, for its secret cannot be read: %s", endpoint.pk, error)
            endpoint.record_cannot_sign()
            return
        self.endpoint = endpoint
        free = most_at(endpoint) - len(self.calls)
        for delivery in WebhookDelivery.objects.claim(endpoint.pk, max(free, 0), CLAIMED_FOR_S):
            headers = headers_of(delivery, signing)
            future = self.workers.submit(call, self.session, endpoint.url, headers, delivery.body.encode())
            self.calls[future] = delivery

    def end(self) -> int:
        """Wait for some answers, and write what came of them."""
        left_s = max(self.until - time.monotonic(), 0) or TOTAL_S
        done = wait(self.calls, left_s, FIRST_COMPLETED).done
        answers = [(self.calls.pop(future), future.result()) for future in done]
        if answers and self.endpoint:
            record(self.endpoint, answers)
        if time.monotonic() > self.until or not all(answer.is_well for _, answer in answers):
            self.release()
        return len(answers)

    def release(self) -> None:
        """What no worker has begun: it is due as before."""
        waiting = [self.calls.pop(future) for future in list(self.calls) if future.cancel()]
        WebhookDelivery.objects.release(waiting)


def most_at(endpoint: WebhookEndpoint) -> int:
    """One that is unreachable is probed by one call; one that failed just now gets no more than are sent at once."""
    if endpoint.is_unreachable:
        return 1
    return WORKERS if endpoint.failures else MOST_CLAIMED


@transaction.atomic
def record(endpoint: WebhookEndpoint, answers: list[tuple[WebhookDelivery, Answer]]) -> None:
    """What came of each try, what becomes of it, and how the endpoint is."""
    WebhookDelivery.objects.apply_verdicts(
        [(delivery, *verdict(delivery.tries, answer)) for delivery, answer in answers]
    )
    WebhookAttempt.objects.bulk_create([attempt(delivery, answer) for delivery, answer in answers])
    if any(answer.is_well for _, answer in answers):
        endpoint.record_answer()
    for delivery, answer in answers:
        if not answer.is_well:
            record_refusal(endpoint, delivery, answer)


def attempt(delivery: WebhookDelivery, answer: Answer) -> WebhookAttempt:
    columns = {"status": answer.status, "error": answer.error, "took_ms": answer.took_ms, "answer": answer.text}
    return WebhookAttempt(delivery=delivery, **columns)


def record_refusal(endpoint: WebhookEndpoint, delivery: WebhookDelivery, answer: Answer) -> None:
    endpoint.record_refusal(delivery.pk, answer.failure)
    if answer.is_gone:
        endpoint.disable(WebhookEndpoint.Why.GONE)
    elif endpoint.give_up():
        log.warning("webhook endpoint %s is disabled: it took nothing for three and a half days", endpoint.pk)
