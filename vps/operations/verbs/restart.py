"""Cut the power and give it back, as the reset button does."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Refusal
from vps.models import Operation
from vps.operations.verb import PowerCycle


class Restart(PowerCycle):
    name = "restart"
    order = 40
    kind = Operation.Kind.RESTART
    command = Command.RESTART
    deadline = timedelta(seconds=120)
    codes = {Refusal.NOT_RUNNING: "vps_not_running"}

    label = _("Hard restart")
    warning = _("The power is cut and comes back at once. What was not written to disk is lost.")
    requested = _("Hard restart requested")
    asks_first = True
    icon, colour = "bolt", "warning"
    offered_when = frozenset({"running", "error"})

    summary = "Restart a server hard"
    about = "As the reset button does: its system is not asked."
