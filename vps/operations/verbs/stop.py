"""Ask the machine's own system to shut down, and cut the power where it does not."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Power
from vps.models import Operation
from vps.operations.verb import Verb


class Stop(Verb):
    name = "stop"
    kind = Operation.Kind.STOP
    command = Command.STOP
    goal = Power.STOPPED
    deadline = timedelta(seconds=180)

    label = _("Stop")
    warning = _("The server's system is asked to shut down; if it has not done so within a minute, the power is cut.")
    requested = _("Stop requested")
    asks_first = True
    icon, colour = "player-stop", "danger"
    offered_when = frozenset({"running", "error"})
