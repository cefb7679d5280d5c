"""Why an operation failed: a stable code for machines and, here, its sentence for the customer. Staff see the raw text."""

from django.utils.translation import gettext_lazy as _

from vps.errors import IdentityMismatch, VpsCreating, VpsMissing, VpsSuspended
from web.errors import Sentence

SENTENCES: dict[str, Sentence] = {
    "timed_out": _("It did not finish in time. Please look at the server's state and try again."),
    "did_not_come_back": _("The server was not seen running again in time. Please look at its state and start it."),
    "guest_did_not_shut_down": _(
        "The server's system did not react to the request to shut down. A hard restart or a forced stop will work."
    ),
    "hypervisor_unavailable": _("The hypervisor could not be reached in time. Nothing was changed; please try again."),
    "hypervisor_denied": _(
        "The panel has no right to do this on the hypervisor. Our staff can see which one is missing."
    ),
    "hypervisor_refused": _("The hypervisor refused the command. Our staff can see why."),
    "too_many_tries": _("It did not work after several tries. Our staff can see why."),
    "superseded": _("A forced stop was requested in its place."),
    "outcome_unknown": _(
        "The hypervisor no longer knows how it ended. Please look at the server's state before you try again."
    ),
    "ha_error": _("The cluster's availability manager has given this server up. Our staff must set it right."),
    "creating_timed_out": _("The server was not created in time. Our staff can see it."),
    "vps_suspended": VpsSuspended.message,
    "suspension_ended": _("The suspension ended before the server was stopped."),
    "vps_creating": VpsCreating.message,
    "vps_busy": _("The server was busy with a backup or another task for too long. Please try again later."),
    "left_stopped": _(
        "The server went down, and a backup or another task kept it from being started in time. Please start it later."
    ),
    "vps_deleted": _("The server was deleted meanwhile."),
    "vps_missing": VpsMissing.message,
    "vps_not_running": _("The server is not running. Please start it instead."),
    "vps_paused": _("The server is paused. A forced stop and a start will bring it back."),
    "vps_template": _("This server is a template and cannot be started."),
    "vps_unbound": _("The server is not connected to its hypervisor any more."),
    "identity_mismatch": IdentityMismatch.message,
}
UNKNOWN = _("It failed. Our staff can see why.")


def sentence_of(code: str) -> Sentence:
    return SENTENCES.get(code, UNKNOWN)
