"""How Proxmox VE says no: a status and, in the status line, its reason. For the modules of the simulator."""


class Refused(Exception):
    """`status` and `reason` go into the status line; `errors` (on 400 alone) names parameters; `body` None: an empty one."""

    def __init__(
        self,
        status: int,
        reason: str,
        errors: dict[str, str] | None = None,
        *,
        has_body: bool = True,
        newline: bool = True,
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.errors = status, reason, errors
        self.has_body = has_body
        self.message = reason + ("\n" if newline else "")


def wrong_parameters(**errors: str) -> Refused:
    return Refused(400, "Parameter verification failed.", errors)


def died(reason: str) -> Refused:
    """Any failure of a handler is a 500: it is the normal business error of this API."""
    return Refused(500, reason)
