"""What a list of servers is narrowed to, and in which order it stands: conditions on rows and expressions. For Vps.

One condition finds the rows, counts them, and is held against the words that pages say of them.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Lower

from vps.models.operation import Operation
from vps.models.shown import NOT_CONNECTED, PAUSED, UNKNOWN, shown_as

ATTENTION, IN_PROGRESS = "attention", "in_progress"
SEEN = ("running", "stopped", PAUSED)
KNOWN = ("creating", "suspended", "error", UNKNOWN, NOT_CONNECTED)
NAMES = {ATTENTION, IN_PROGRESS, *SEEN, *KNOWN}
ORDERS = {"name", "state", "address", "size", "created"}
# A server that is being created for longer than this needs somebody's attention.
CREATED_WITHIN = timedelta(minutes=15)


def is_under_way() -> Exists:
    """For `alias`: what is under way is said in place of the state."""
    return Exists(Operation.objects.open().filter(vps=OuterRef("pk")))


def conditions(now: Any) -> dict[str, Q]:
    """By each of NAMES, at a datetime or an expression of one; of rows that have `is_under_way` and `has_failed`, which is
    that a failure was not seen yet."""
    slow = Q(status="creating", updated_at__lt=now - CREATED_WITHIN)
    unseen = shown_as(UNKNOWN, now) | shown_as(NOT_CONNECTED, now)
    return {
        ATTENTION: unseen | Q(status__in=["suspended", "error"]) | Q(has_failed=True) | slow,
        **{word: shown_as(word, now) & Q(is_under_way=False) for word in SEEN},
        IN_PROGRESS: Q(is_under_way=True) | Q(status="creating"),
        **{word: shown_as(word, now) for word in KNOWN},
    }


def matching(text: Any) -> Q:
    """A text without NUL, or an expression of one."""
    return Q(name__icontains=text) | Q(ip_address__icontains=text) | Q(os__icontains=text) if text else Q()


def natural(text: Any) -> Func:
    """node-2 before node-10, and 192.0.2.9 before 192.0.2.11: each run of digits as ten and more."""
    padded = replaced(text, r"(\d+)", r"0000000000\1")
    return replaced(padded, r"0*(\d{10,})", r"\1")


def replaced(text: Any, pattern: str, by: str) -> Func:
    return Func(text, Value(pattern), Value(by), Value("g"), function="regexp_replace", output_field=CharField())


def orders(now: datetime) -> dict[str, list[Any]]:
    """By each of ORDERS. Rows that are alike in it stand by their names."""
    ranks = enumerate([ATTENTION, IN_PROGRESS, *SEEN])
    rank = Case(*[When(conditions(now)[word], then=Value(at)) for at, word in ranks], default=Value(9))
    return {
        "name": [natural(Lower("name"))],
        "state": [rank],
        "address": [natural(F("ip_address"))],
        "size": [F("cpu"), F("ram"), F("disk")],
        "created": [F("created_at")],
    }
