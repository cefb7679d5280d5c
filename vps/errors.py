"""What is refused of servers, their placements and their operations. Services raise it, and doors do not catch it."""

from django.utils.translation import gettext_lazy as _

from web.errors import PanelError


class UnknownUser(PanelError):
    code = "unknown_user"


class NotApplied(PanelError):
    code = "not_applied"
    status = 409
    message = "Nothing of this batch was applied, for another of its operations failed."


class UnknownCluster(PanelError):
    code = "unknown_cluster"


class PlacementTaken(PanelError):
    code = "placement_taken"
    status = 409
    message = _("This guest is bound to another server already.")


class HypervisorMismatch(PanelError):
    code = "hypervisor_mismatch"
    status = 409
    message = _("This server runs on another hypervisor than this cluster's guests do.")


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
    message = _("This server is suspended. Check that it is paid for.")


class VpsCreating(PanelError):
    code = "vps_creating"
    status = 409
    message = _("This server is still being created. It can be controlled once it is ready.")


class VpsUnbound(PanelError):
    code = "vps_unbound"
    status = 409
    message = _("This server is not connected to its hypervisor yet. Our staff see it and will connect it.")


class VpsMissing(PanelError):
    code = "vps_missing"
    status = 409
    message = _("The server was not found on its cluster. Our staff see it.")


class IdentityMismatch(PanelError):
    code = "identity_mismatch"
    status = 409
    message = _("Another machine was found in this server's place, so it cannot be controlled. Our staff see it.")


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
    message = _("Servers on this hypervisor cannot be controlled here. Write to support.")


class OperationInProgress(PanelError):
    code = "operation_in_progress"
    status = 409
    message = _("Another operation is running on this server. Wait until it has ended.")


class TooManyOperations(PanelError):
    code = "too_many_operations"
    status = 429
    retry_after = 60
    message = _("Too much was asked in one minute. Wait for the next; “Power off now” is possible all the same.")
