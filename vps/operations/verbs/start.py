"""Switch the machine on."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Power
from vps.models import Operation
from vps.operations.verb import Verb


class Start(Verb):
    name = "start"
    order = 10
    kind = Operation.Kind.START
    command = Command.START
    goal = Power.RUNNING
    deadline = timedelta(seconds=120)

    label = _("Start")
    warning = _("The server will be started.")
    requested = _("Start requested")
    icon, colour = "player-play", "success"
    stands_out = True
    offered_when = frozenset({"stopped", "error", "creating", "suspended", "not_connected"})

    summary = "Switch a server on"
    about = "Done so already, it succeeds without a command to the hypervisor."
