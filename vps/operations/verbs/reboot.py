"""Ask the machine's own system to restart itself."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Refusal
from vps.models import Operation
from vps.operations.verb import DEAF, PowerCycle


class Reboot(PowerCycle):
    name = "reboot"
    order = 20
    kind = Operation.Kind.REBOOT
    command = Command.REBOOT
    deadline = timedelta(seconds=300)
    codes = DEAF | {Refusal.NOT_RUNNING: "vps_not_running"}
    unconfirmed_code = "did_not_come_back"

    label = _("Reboot")
    warning = _("The server's system is asked to restart itself.")
    requested = _("Reboot requested")
    icon, colour = "refresh", "azure"
    offered_when = frozenset({"running", "error"})

    summary = "Reboot a server's system"
    about = "Its system is asked."
