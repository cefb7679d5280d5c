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
    retry_after: ClassVar[int] = 0
    message: Sentence = _("The request cannot be carried out.")

    def __init__(
        self,
        message: Sentence | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.errors = errors or {}
        self.extra = extra or {}
        super().__init__(str(self.code))


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


class VpsNotFound(PanelError):
    code = "vps_not_found"
    status = 404
    message = _("There is no such server.")


class OperationNotFound(PanelError):
    code = "operation_not_found"
    status = 404
    message = _("There is no such operation.")


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
    message = _("This server is not connected to its hypervisor yet. Our staff can see it and will connect it.")


class VpsMissing(PanelError):
    code = "vps_missing"
    status = 409
    message = _("The server was not found on its cluster. Our staff have been told.")


class VpsMistaken(PanelError):
    code = "identity_mismatch"
    status = 409
    message = _(
        "Another machine was found in this server's place, so it cannot be controlled. Our staff have been told."
    )


class HypervisorUnavailable(PanelError):
    code = "hypervisor_unavailable"
    status = 503
    retry_after = 10
    message = _("The hypervisor does not answer, so the server's state is not known. It can be controlled again soon.")


class HypervisorUnsupported(PanelError):
    code = "hypervisor_unsupported"
    status = 409
    message = _("Servers on this hypervisor cannot be controlled here. Please ask our support.")


class OperationInProgress(PanelError):
    code = "operation_in_progress"
    status = 409
    message = _("Another operation is running on this server. Please wait until it has ended.")
