"""Cut the power at once. It alone overtakes what is under way."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command
from vps.models import Operation
from vps.operations.verb import PowerOff


class ForceStop(PowerOff):
    name = "force-stop"
    order = 50
    kind = Operation.Kind.STOP
    is_forced = True
    command = Command.FORCE_STOP
    deadline = timedelta(seconds=180)
    may_overtake = True
    is_overruled = True

    label = _("Force stop")
    warning = _("The power is cut at once. What was not written to disk is lost.")
    requested = _("Stop requested")
    asks_first = True
    icon, colour = "power", "danger"
    offered_when = frozenset({"paused"})

    variant_of, flag = "stop", "force"
