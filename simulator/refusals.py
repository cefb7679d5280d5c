"""How Proxmox VE says no: a status and, in the status line, its reason. For the modules of the simulator."""


class Refused(Exception):
    """`status` and `reason` go into the status line; `errors` (on 400 alone) names parameters.

    The body is JSON; or the bare text, which no Content-Type announces; or, where `form` is "", empty. In it a reason
    that comes from a handler that died ends with a newline.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        errors: dict[str, str] | None = None,
        *,
        form: str = "json",
        newline: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.errors = status, reason, errors
        self.form = form
        self.message = reason + ("\n" if newline else "")


def wrong_parameters(**errors: str) -> Refused:
    return Refused(400, "Parameter verification failed.", errors, newline=True)


def not_permitted(path: str, right: str) -> Refused:
    return Refused(403, f"Permission check failed ({path}, {right})", newline=True)


def died(reason: str) -> Refused:
    """Any failure of a handler is a 500: it is the normal business error of this API."""
    return Refused(500, reason, newline=True)
