"""Ask the machine's own system to shut down, and cut the power where it does not."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from vps.hypervisor.base import Command
from vps.models import Operation
from vps.operations.verb import DEAF, PowerOff
from web.fields import TrueOrFalse

NOT_A_BOOLEAN = _("Must be true or false.")


class StopParams(Serializer[Any]):
    force = TrueOrFalse(
        default=False,
        error_messages={"invalid": NOT_A_BOOLEAN, "null": NOT_A_BOOLEAN},
        help_text="Cut the power at once. This alone overtakes an open operation.",
    )


class Stop(PowerOff):
    name = "stop"
    order = 30
    kind = Operation.Kind.STOP
    command = Command.STOP
    deadline = timedelta(seconds=180)
    is_overruled = True
    codes = DEAF

    label = _("Stop")
    warning = _("The server's system is asked to shut down; if it has not done so within a minute, the power is cut.")
    requested = _("Stop requested")
    asks_first = True
    icon, colour = "player-stop", "danger"
    offered_when = frozenset({"running", "error"})

    summary = "Shut a server down"
    about = (
        "Its system is asked; the power is cut where it does not go down. "
        "Done so already, it succeeds without a command to the hypervisor."
    )
    params = StopParams
