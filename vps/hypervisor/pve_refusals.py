"""What Proxmox VE's texts mean, as a table. For the driver beside it; nothing else reads its texts.

The API knows hardly any status but 500, so the text is the only reason there is (pve-http-server 6.0, and the handlers
of qemu-server 9.2 and pve-container 6.1, whence the texts). The same texts end failed tasks.
"""

import re

from vps.hypervisor.base import Refusal, Refused

# The first that matches counts.
TEXTS = [
    (re.compile(pattern), refusal)
    for pattern, refusal in (
        (
            r"No QEMU guest agent configured|guest agent is not running|qmp command 'guest-|Agent error",
            Refusal.NO_AGENT,
        ),
        (r"(VM|CT) \d+ already running", Refusal.ALREADY_RUNNING),
        (r"(VM|CT) \d+ (is )?not running", Refusal.NOT_RUNNING),
        (r"(VM|CT) is locked \(", Refusal.LOCKED),
        (r"can't lock file .* got timeout", Refusal.BUSY),
        (r"VM is paused - cannot", Refusal.PAUSED),
        (r"if it's a template", Refusal.TEMPLATE),
        (r"got timeout|container did not stop", Refusal.TIMED_OUT),
        (
            r"Configuration file '.*' does not exist|unable to find configuration file|hostname lookup '.*' failed",
            Refusal.NOT_HERE,
        ),
        (r"no quorum", Refusal.NO_QUORUM),
        (r"RRD error", Refusal.NO_HISTORY),
        (r"'upid': '(no such task|unable to parse)", Refusal.NO_TASK),
    )
]
STATUSES = {401: Refusal.UNAUTHENTICATED, 403: Refusal.DENIED}


def of_text(text: str) -> Refusal:
    return next((refusal for pattern, refusal in TEXTS if pattern.search(text)), Refusal.OTHER)


def of_answer(status: int, reason: str, errors: object) -> Refused:
    """`reason` is the status line's phrase, which carries the message; `errors` names parameters on a 400."""
    detail = f"{status} {reason}" + (f" {errors}" if errors else "")
    return Refused(STATUSES.get(status) or of_text(detail), detail)
