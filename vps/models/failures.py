"""Why an operation failed: for each stable code its sentence, what helps, and the buttons for it. For models and pages.

Staff see the raw text beside it. `sentence_of` serves doors, `advice_of` and `ways_out_of` the alert on a server's page.
"""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from vps.errors import IdentityMismatch, VpsCreating, VpsMissing, VpsSuspended
from web.errors import Sentence

# Ways out that depend on what had failed: the same verb, and the one that does not ask the system.
AGAIN, BY_FORCE = "again", "by_force"

LOOK = _("Check the server's state before you try again: the command may have been carried out.")
WAIT = _("Wait a few minutes and try again.")
WRITE = _("If it cannot wait, write to support and give the number of the operation.")
WRITE_AT_ONCE = _("Only our staff can fix this: write to support and give the number of the operation.")


class Failure(NamedTuple):
    """What happened and what is now; then advice, and names of verbs, the least harmful first."""

    sentence: Sentence
    advice: tuple[Sentence, ...] = ()
    ways_out: tuple[str, ...] = ()


FAILURES: dict[str, Failure] = {
    "timed_out": Failure(
        _("The operation did not finish in time. The server is shown as it is now."), (LOOK, WRITE), (AGAIN, BY_FORCE)
    ),
    "did_not_come_back": Failure(
        _("The server was not seen running again in time. It is shown as it is now."),
        (_("If it is stopped, start it."), WRITE),
        ("start", AGAIN),
    ),
    "guest_did_not_shut_down": Failure(
        _("The system did not shut down in time; the server runs as before."),
        (
            _("Wait and try again: the system may have been installing updates."),
            _("If it hangs, restart it hard or power it off now: what is not saved is lost."),
        ),
        (AGAIN, BY_FORCE),
    ),
    "hypervisor_unavailable": Failure(
        _("The hypervisor did not answer in time. The command was not sent, and nothing was changed."),
        (_("Try again once the hypervisor answers: the page shows it by itself."), WRITE),
        (AGAIN,),
    ),
    "hypervisor_denied": Failure(
        _("The panel has no right to do this on the hypervisor. Our staff see which one is missing."), (WRITE,)
    ),
    "hypervisor_refused": Failure(
        _("The hypervisor refused the command. Our staff see the reason."), (WAIT, WRITE), (AGAIN,)
    ),
    "too_many_tries": Failure(
        _("The command failed several times in a row. Our staff see the reason."), (LOOK, WRITE), (AGAIN,)
    ),
    "superseded": Failure(_("It was overtaken by “Power off now”.")),
    "outcome_unknown": Failure(
        _("The hypervisor no longer knows how the command ended. The server is shown as it is now."),
        (LOOK, WRITE),
        (AGAIN,),
    ),
    "ha_error": Failure(
        _("The cluster has given up keeping this server available, and takes no commands for it."),
        (WRITE_AT_ONCE,),
    ),
    "creating_timed_out": Failure(_("The server was not created in time. Our staff see it.")),
    "vps_suspended": Failure(VpsSuspended.message),
    "suspension_ended": Failure(_("The suspension ended before the server was stopped.")),
    "vps_creating": Failure(VpsCreating.message),
    "vps_busy": Failure(
        _("The server was busy with a backup or another task for too long. Nothing was changed."), (WAIT,), (AGAIN,)
    ),
    "left_stopped": Failure(
        _("The server is stopped: it went down, and a backup or another task kept it from being started in time."),
        (_("Start it in a few minutes, when that task has ended."), WRITE),
        ("start",),
    ),
    "vps_deleted": Failure(_("The server was deleted meanwhile.")),
    "vps_missing": Failure(VpsMissing.message),
    "vps_not_running": Failure(_("The server is not running."), (_("Start it instead."),), ("start",)),
    "vps_paused": Failure(
        _("The server is paused on the hypervisor, and the system does not take commands."),
        (_("Power it off now and start it again. What is not saved is lost."),),
        ("force-stop",),
    ),
    "vps_template": Failure(_("This server is a template and cannot be started."), (WRITE,)),
    "vps_unbound": Failure(_("The server is not connected to its hypervisor any more.")),
    "identity_mismatch": Failure(IdentityMismatch.message),
}
UNKNOWN = Failure(_("The operation failed. Our staff see the reason."), (WAIT, WRITE), (AGAIN,))


def of(code: str) -> Failure:
    return FAILURES.get(code, UNKNOWN)


def sentence_of(code: str) -> Sentence:
    return of(code).sentence


def advice_of(code: str) -> tuple[Sentence, ...]:
    """What the owner can do, the least harmful first; nothing where there is nothing to do."""
    return of(code).advice


def is_for_support(code: str) -> bool:
    """Whether the advice is to write to support."""
    return any(sentence in (WRITE, WRITE_AT_ONCE) for sentence in advice_of(code))


def ways_out_of(code: str) -> tuple[str, ...]:
    """The verbs that may help, by name, or as AGAIN and BY_FORCE of what had failed."""
    return of(code).ways_out
