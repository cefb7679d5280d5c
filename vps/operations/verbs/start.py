"""Switch the machine on."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

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
    icon = "player-play"
    offered_when = frozenset({"stopped", "error"})

    asks_first = False
    question = _("Start the server %(name)s?")
    question_of_many = ngettext_lazy("Start %(count)d server?", "Start %(count)d servers?", "count")
    warning = _("The system boots as after being switched on.")
    requested = _("Start requested")
    under_way = _("Starting")
    begun = _("Start of %(name)s has begun")
    stage = _("The hypervisor is starting the server")
    check = _("Checking that the server is up")
    noun = pgettext_lazy("operation", "Start")
    done = _("%(name)s was started in %(time)s")
    failed = _("Start failed")
    again = _("Start again")

    summary = "Switch a server on"
    about = "Done so already, it succeeds without a command to the hypervisor."
