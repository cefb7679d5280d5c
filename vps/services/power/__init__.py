"""Power operations: doors call `request`, or `ask` for customers, and `refusal`; workers `work` and `watch`; the sweeper
`overdue` and `enforce`.

Nothing else changes one.
"""

from vps.services.power.asked import ask
from vps.services.power.request import refusal, request
from vps.services.power.sweep import NEGLECTED_S, OVERDUE_S, Sweep, enforce, overdue
from vps.services.power.work import watch, work

__all__ = ["NEGLECTED_S", "OVERDUE_S", "Sweep", "ask", "enforce", "overdue", "refusal", "request", "watch", "work"]
