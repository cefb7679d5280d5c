"""Switch the machine on."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from vps.hypervisor.base import Command, Power
from vps.models import Operation
from vps.operations.verb import Verb


class Start(Verb):
    name = "start"
    kind = Operation.Kind.START
    command = Command.START
    goal = Power.RUNNING
    deadline = timedelta(seconds=120)

    label = _("Start")
    warning = _("The server will be started.")
    requested = _("Start requested")
    icon, colour = "player-play", "success"
    offered_when = frozenset({"stopped", "error"})
