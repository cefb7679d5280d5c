"""Cut the power at once. It alone overtakes what is under way."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

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

    label = _("Power off now")
    hint = _("Like pulling the plug")
    way_out = _("Do not wait: power off now")
    icon = "power"
    is_harsh = True
    offered_when = frozenset({"running", "paused", "error"})

    question = _("Power %(name)s off now?")
    question_of_many = ngettext_lazy("Power %(count)d server off now?", "Power %(count)d servers off now?", "count")
    warning = _("Like pulling the plug: what is not saved is lost.")
    requested = _("Stop requested")
    under_way = _("Powering off")
    begun = _("Power-off of %(name)s has begun")
    stage = _("The power is being cut")
    check = _("Checking that the server is off")
    noun = _("Power-off")
    done = _("%(name)s was powered off in %(time)s")
    failed = _("Power-off failed")
    again = _("Power off again")

    variant_of, flag = "stop", "force"
