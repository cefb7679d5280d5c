"""Power operations: doors call `request`, or `ask` for customers, and `refusal`; workers `work` and `watch`; the sweeper
`overdue` and `enforce`.

Nothing else changes one.
"""

from vps.operations.limits import ask
from vps.operations.request import refusal, request
from vps.operations.sweep import NEGLECTED_S, OVERDUE_S, Sweep, enforce, overdue
from vps.operations.work import watch, work

__all__ = ["NEGLECTED_S", "OVERDUE_S", "Sweep", "ask", "enforce", "overdue", "refusal", "request", "watch", "work"]
