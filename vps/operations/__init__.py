"""The engine of operations: what is asked of a VPS and takes time is done once, and seen to be done.

It knows no verb and no hypervisor by name: verbs/ has a file for each verb, vps.hypervisor a package for each driver.
Doors call `request`, `ask` and `ask_each` for customers, `ask_for_main_site`, `offered` and `refusal`; workers `work`,
`watch` and `enforce_suspensions`; the sweeper `overdue` and `enforce`. Nothing else changes an operation. In the order in
which one meets them:

- `request`: writes the row and its event, or raises why not. `limits`: how often a customer may.
  `offered`: which verbs a page shows, and which of them can be pressed.
  `main_site`: the same for the main site, whom nobody counts. `suspensions`: what the panel asks for by itself.
- `verb`, `verbs/`: what a verb is, and each verb: its goal, its deadline, when it is done, what doors say of it.
- `work`: a worker's loop over what is due on a cluster, and the round over all that waits for a node.
- `advance`: one claim of one operation: too late or pointless ends it, and a step is taken.
- `steps`: which step it is at. `begin`: look, wait for a lock, write the intent, send. `follow`: find the task of a command
  that was perhaps sent, follow it. `confirm`: see that it is done, or begin the next phase.
- `phases`: which command of a driver's recipe is sent now, and what is written when it was not.
- `predecessor`: whether the operation before may still act on the guest. `task_log`: which tasks are an operation's own.
- `refusals`: what a hypervisor's no means: again later, look elsewhere, or the end.
- `finish`: the end of an operation, with the VPS's state and the event, in one transaction.
- `sweep`: what was left lying, and what is past its deadline.
- `pauses`: how soon to look again, and how often to try.
"""

from vps.operations.limits import ask, ask_each
from vps.operations.main_site import ask_for_main_site
from vps.operations.offered import offered, pressable
from vps.operations.request import is_possible, refusal, request
from vps.operations.suspensions import are_suspensions_neglected, enforce_suspensions
from vps.operations.sweep import NEGLECTED_S, OVERDUE_S, Sweep, enforce, overdue, signs
from vps.operations.work import watch, work

__all__ = [
    "NEGLECTED_S",
    "OVERDUE_S",
    "Sweep",
    "are_suspensions_neglected",
    "ask",
    "ask_each",
    "ask_for_main_site",
    "enforce",
    "enforce_suspensions",
    "is_possible",
    "offered",
    "overdue",
    "pressable",
    "refusal",
    "request",
    "signs",
    "watch",
    "work",
]
