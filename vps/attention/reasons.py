"""Why operations failed, in few words: for staff, who see many of them in one line. The customer's sentences, by the same
codes, stand in vps/models/failures.py."""

from django.utils.translation import gettext_lazy as _

from web.errors import Sentence

REASONS: dict[str, Sentence] = {
    "timed_out": _("not over in time"),
    "did_not_come_back": _("the server did not come back"),
    "guest_did_not_shut_down": _("the system did not shut down"),
    "hypervisor_unavailable": _("the hypervisor did not answer"),
    "hypervisor_denied": _("the token lacks a privilege"),
    "hypervisor_refused": _("the hypervisor refused"),
    "too_many_tries": _("several tries came to nothing"),
    "superseded": _("overtaken by force"),
    "outcome_unknown": _("the outcome is not known"),
    "ha_error": _("the availability manager has given it up"),
    "creating_timed_out": _("not created in time"),
    "vps_suspended": _("suspended meanwhile"),
    "suspension_ended": _("the suspension ended before"),
    "vps_creating": _("still being created"),
    "vps_busy": _("busy with a backup or another task"),
    "left_stopped": _("left stopped by a backup or another task"),
    "vps_deleted": _("deleted meanwhile"),
    "vps_missing": _("its guest is gone"),
    "vps_not_running": _("the server was not running"),
    "vps_paused": _("the server was paused"),
    "vps_template": _("it is a template"),
    "vps_unbound": _("unbound meanwhile"),
    "identity_mismatch": _("another guest in its place"),
}


def reason_of(code: str, _detail: str = "") -> Sentence:
    """A code that is new here is said as it is."""
    return REASONS.get(code, code)
