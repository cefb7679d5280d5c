"""Ask the machine's own system to restart itself."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Power
from vps.models import Operation
from vps.operations.verb import Verb


class Reboot(Verb):
    name = "reboot"
    order = 20
    kind = Operation.Kind.REBOOT
    command = Command.REBOOT
    goal = Power.RUNNING
    deadline = timedelta(seconds=300)

    label = _("Reboot")
    warning = _("The server's system is asked to restart itself.")
    requested = _("Reboot requested")
    icon, colour = "refresh", "azure"
    offered_when = frozenset({"running", "error"})

    summary = "Reboot a server's system"
    about = "Its system is asked."
