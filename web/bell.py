"""Ring for a task of the workers, by its full name, once what it is to see has been committed; and whether Redis answers.

A bell carries ids and no data, and may be lost: a row says what is due, and whoever sweeps finds it.
"""

import logging
import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)
ANSWERS_WITHIN_S = 0.5
# Redis that is gone, or hangs, is not asked again for so long by this process.
SKIP_FOR_S = 2.0
# One that has just answered is not asked again whether it does.
TRUSTED_FOR_S = 0.1


def ring(task: str, args: tuple[Any, ...] = (), after_seconds: float = 0) -> bool:
    """A broker that is down costs a moment and a log line: the sweeper finds the row."""
    if not redis_check.ask():
        log.warning("the broker is silent, the sweeper will see to %s%r", task, args)
        return False
    broker = loaded()
    try:
        broker.application.send_task(task, args=args, countdown=after_seconds or None, retry=False)
    except broker.OperationalError as error:
        log.warning("the broker did not take %s%r, the sweeper will: %s", task, args, error)
        return False
    return True


def loaded() -> Any:
    """What the first bell needs. Whoever serves calls it beforehand in a thread, so that no click waits for it."""
    from web import broker

    return broker


class RedisCheck:
    """Finds out whether Redis answers, before a library tries a dead one for many seconds while a click waits."""

    def __init__(self) -> None:
        self.skip_until = self.trusted_until = 0.0

    def ask(self) -> bool:
        """Whether Redis answers. One that did not is not asked again for a moment, and neither is one that did."""
        now = time.monotonic()
        if now < max(self.skip_until, self.trusted_until):
            return now >= self.skip_until
        try:
            client(settings.REDIS_URL).ping()
        except RedisError as error:
            self.failed(error)
            return False
        self.answered()
        return True

    @property
    def is_away(self) -> bool:
        """Whether it did not answer just now. Whoever asks it for something by one quick call needs to know no more."""
        return time.monotonic() < self.skip_until

    def answered(self) -> None:
        """Whoever asked Redis for something else and had an answer says so."""
        self.trusted_until = time.monotonic() + TRUSTED_FOR_S

    def failed(self, error: Exception) -> None:
        """And whoever had none."""
        log.warning("Redis does not answer: %r", error)
        self.skip_until, self.trusted_until = time.monotonic() + SKIP_FOR_S, 0.0


redis_check = RedisCheck()


@lru_cache
def client(url: str) -> "Redis":
    """One attempt more, for a connection that a restart of Redis has closed."""
    limits = {"socket_timeout": ANSWERS_WITHIN_S, "socket_connect_timeout": ANSWERS_WITHIN_S}
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), **limits)
