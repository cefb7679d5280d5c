"""Everything that the panel refuses, as one family: a code for machines, a sentence for people, an HTTP status.

Services raise them, doors do not catch them: ospab_panel.error_responses renders them once, as JSON or in words.
"""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class PanelError(Exception):
    """Base of all refusals. `errors` maps a field to its sentences; `extra` is merged into the JSON answer.

    One that passes by itself says in `retry_after` after how many seconds it is worth another try.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retry_after: int = 0
    message: Sentence = _("The request cannot be carried out.")

    def __init__(
        self,
        message: Sentence | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.retry_after = type(self).retry_after if retry_after is None else retry_after
        self.errors = errors or {}
        self.extra = extra or {}
        super().__init__(str(self.code))

    def told(self) -> dict[str, Any]:
        """As the API says it, wherever it says it."""
        errors = {"errors": self.errors} if self.errors else {}
        return {"status": "error", "message": str(self.message), "code": self.code} | errors | self.extra


class InvalidInput(PanelError):
    code = "invalid"
    message = _("Some fields are not right.")


class MissingFields(PanelError):
    code = "missing_fields"


class UnknownUser(PanelError):
    code = "unknown_user"


class UnknownCluster(PanelError):
    code = "unknown_cluster"


class PlacementTaken(PanelError):
    code = "placement_taken"
    status = 409
    message = _("This guest is bound to another server already.")


class AlreadyBound(PanelError):
    code = "already_bound"
    status = 409
    message = _("This server is bound to a guest already.")


class ExternalIdTaken(PanelError):
    code = "external_id_taken"
    status = 409
    message = "This external_id is another VPS's already."


class ExternalIdMismatch(PanelError):
    code = "external_id_mismatch"
    status = 409
    message = "This id and this external_id are not of the same VPS."


class NotApplied(PanelError):
    code = "not_applied"
    status = 409
    message = "Nothing of this batch was applied, for another of its operations failed."


class PanelBusy(PanelError):
    code = "service_unavailable"
    status = 503
    retry_after = 5
    message = _("The panel is busy. Please try again in a moment.")


class VpsNotFound(PanelError):
    code = "vps_not_found"
    status = 404
    message = _("There is no such server.")


class OperationNotFound(PanelError):
    code = "operation_not_found"
    status = 404
    message = _("There is no such operation.")


class CursorFromTheFuture(PanelError):
    """`extra` has `last`: the end of the feed."""

    code = "cursor_from_the_future"
    status = 410
    message = _(
        "There is no event with this id: the panel was restored from an older copy. Compare what you hold with the panel, "
        "and go on from the event `last`."
    )


class VpsDeleted(PanelError):
    code = "vps_deleted"
    status = 409
    message = _("This server has been deleted.")


class VpsSuspended(PanelError):
    code = "vps_suspended"
    status = 409
    message = _("This server is suspended. Please check that it is paid for.")


class VpsCreating(PanelError):
    code = "vps_creating"
    status = 409
    message = _("This server is still being created. Please try again in a few minutes.")


class VpsUnbound(PanelError):
    code = "vps_unbound"
    status = 409
    message = _("This server is not connected to its hypervisor yet. Our staff can see it and connect it.")


class VpsMissing(PanelError):
    code = "vps_missing"
    status = 409
    message = _("The server was not found on its cluster. Our staff can see it.")


class VpsMistaken(PanelError):
    code = "identity_mismatch"
    status = 409
    message = _("Another machine was found in this server's place, so it cannot be controlled. Our staff can see it.")


class HypervisorUnavailable(PanelError):
    code = "hypervisor_unavailable"
    status = 503
    retry_after = 10
    message = _(
        "The hypervisor does not answer, so the server's state is not known. It can be controlled once it answers again."
    )


class HypervisorUnsupported(PanelError):
    code = "hypervisor_unsupported"
    status = 409
    message = _("Servers on this hypervisor cannot be controlled here. Please ask our support.")


class OperationInProgress(PanelError):
    code = "operation_in_progress"
    status = 409
    message = _("Another operation is running on this server. Please wait until it has ended.")


class TooManyOperations(PanelError):
    code = "too_many_operations"
    status = 429
    retry_after = 60
    message = _("Too much was asked in one minute. Please wait for the next; a forced stop is possible all the same.")


def flat(detail: Any, path: str = "") -> list[tuple[str, list[str]]]:
    """Sentences nested by field, as REST framework has them, as ("vps.cpu", [sentences])."""
    if isinstance(detail, dict):
        pairs = [flat(inner, f"{path}.{key}".strip(".")) for key, inner in detail.items()]
        return [pair for inner in pairs for pair in inner]
    return [(path or "body", [str(line) for line in ([detail] if isinstance(detail, str) else detail)])]
