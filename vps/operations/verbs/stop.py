"""Ask the machine's own system to shut down, and cut the power where it does not."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy
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
    icon = "player-stop"
    offered_when = frozenset({"running", "error"})

    question = _("Stop the server %(name)s?")
    question_of_many = ngettext_lazy("Stop %(count)d server?", "Stop %(count)d servers?", "count")
    warning = _("The system is told to shut down; if it has not done so within a minute, the power is cut.")
    requested = _("Stop requested")
    under_way = _("Stopping")
    begun = _("Stop of %(name)s has begun")
    stage = _("The system is shutting down")
    check = _("Checking that the server is off")
    noun = pgettext_lazy("operation", "Stop")
    done = _("%(name)s was stopped in %(time)s")
    failed = _("Stop failed")
    again = _("Stop again")
    by_force = "force-stop"

    summary = "Shut a server down"
    about = (
        "Its system is asked; the power is cut where it does not go down. "
        "Done so already, it succeeds without a command to the hypervisor."
    )
    params = StopParams
