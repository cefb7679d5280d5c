"""What Proxmox VE's texts mean, as a table. For the driver beside it; nothing else reads its texts.

The API knows hardly any status but 500, so the text is the only reason there is (pve-http-server 6.0, and the handlers
of qemu-server 9.2 and pve-container 6.1, whence the texts). The same texts end failed tasks.
"""

import re

from vps.hypervisor.base import HypervisorError, NodeUnknown, NodeUnreachable, Refusal, Refused

DIED = 500
# The first that matches counts.
TEXTS = [
    (re.compile(pattern), refusal)
    for pattern, refusal in (
        (
            r"No QEMU guest agent configured|(?i:guest agent is not running)|(qmp|qga) command 'guest-|qga socket|Agent error",
            Refusal.NO_AGENT,
        ),
        (r"(VM|CT) \d+ already running", Refusal.ALREADY_RUNNING),
        (r"(VM|CT) \d+ (is )?not running", Refusal.NOT_RUNNING),
        (r"(VM|CT) is locked \(", Refusal.LOCKED),
        (r"can't (lock file|acquire lock) .* got timeout|got lock request timeout", Refusal.BUSY),
        (r"VM is paused - cannot", Refusal.PAUSED),
        (r"if it's a template", Refusal.TEMPLATE),
        (r"VM quit/powerdown failed|got timeout|container did not stop", Refusal.TIMED_OUT),
        (
            r"Configuration file '.*' does not exist|unable to find configuration file",
            Refusal.NOT_HERE,
        ),
        # A cluster's file system that cannot be written to says so in its own words, and nothing is done without it.
        (
            r"no quorum|ipcc_send_rec\[\d+\] failed|cluster filesystem not online"
            r"|unable to open file '/etc/pve/.*Permission denied|command 'ha-manager .*' failed",
            Refusal.NO_QUORUM,
        ),
        (r"RRD error", Refusal.NO_HISTORY),
        (r"'upid': '(no such task|unable to parse)", Refusal.NO_TASK),
    )
]
# The host that was asked does not know where to find the node: nothing reached it (PVE::Network, PVE::HTTPServer).
NO_SUCH_NODE = re.compile(r"hostname lookup '.*' failed|no such cluster node")
NO_WAY_TO_NODE = re.compile(
    r"address lookup for '.*' did not find any|unable to get remote IP address|proxy loop detected"
)
STATUSES = {401: Refusal.UNAUTHENTICATED, 403: Refusal.DENIED}


def of_text(text: str) -> Refusal:
    return next((refusal for pattern, refusal in TEXTS if pattern.search(text)), Refusal.OTHER)


def of_answer(status: int, reason: str, errors: object) -> HypervisorError:
    """`reason` is the status line's phrase, which carries the message; `errors` names parameters on a 400.

    A no is Refused, and the word of a node's silence is NodeUnreachable or NodeUnknown.
    """
    detail = f"{status} {reason}" + (f" {errors}" if errors else "")
    if status == DIED and NO_SUCH_NODE.search(reason):
        return NodeUnknown(detail)
    if status == DIED and NO_WAY_TO_NODE.search(reason):
        return NodeUnreachable(detail)
    return Refused(STATUSES.get(status) or of_text(detail), detail)
