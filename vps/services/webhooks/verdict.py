"""What becomes of a delivery by the answer to it: pure functions, and the schedule. For `send`."""

import random

from vps.models import WebhookDelivery
from vps.services.webhooks.call import Answer

State = WebhookDelivery.State
SECOND, MINUTE, HOUR = 1.0, 60.0, 3600.0
# After the first try, the second, and so on; after the last there is none.
RETRY_AFTER_S = (
    5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
)  # fmt: skip
JITTER = 0.1
# Nobody puts us off for longer.
LONGEST_S = 24 * HOUR


def verdict(tries_before: int, answer: Answer) -> tuple[str, float]:
    """(its state now, seconds until the next try). What an endpoint that is gone did not take waits for its return."""
    if answer.is_well:
        return State.DELIVERED, 0.0
    if tries_before >= len(RETRY_AFTER_S) and not answer.is_gone:
        return State.GIVEN_UP, 0.0
    return State.PENDING, pause_s(tries_before, answer.retry_after_s)


def pause_s(tries_before: int, retry_after_s: float) -> float:
    planned = RETRY_AFTER_S[min(tries_before, len(RETRY_AFTER_S) - 1)]
    jittered = planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  it hides nothing
    return max(jittered, min(retry_after_s, LONGEST_S))
