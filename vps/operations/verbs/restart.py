"""Cut the power and give it back, as the reset button does."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

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
    hint = _("What is not saved is lost")
    icon = "bolt"
    is_harsh = True
    offered_when = frozenset({"running", "error"})

    question = _("Restart %(name)s hard?")
    question_of_many = ngettext_lazy("Restart %(count)d server hard?", "Restart %(count)d servers hard?", "count")
    warning = _("The power is cut and comes back at once. What is not saved is lost.")
    requested = _("Hard restart requested")
    under_way = _("Restarting")
    begun = _("Hard restart of %(name)s has begun")
    stage = _("The power is cut and comes back")
    check = _("Checking that the server is up")
    noun = pgettext_lazy("operation", "Hard restart")
    done = _("%(name)s was restarted hard in %(time)s")
    failed = _("Hard restart failed")
    again = _("Restart hard again")

    summary = "Restart a server hard"
    about = "As the reset button does: its system is not asked."
