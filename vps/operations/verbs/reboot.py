"""Ask the machine's own system to restart itself."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from vps.hypervisor.base import Command, Refusal
from vps.models import Operation
from vps.operations.verb import DEAF, PowerCycle


class Reboot(PowerCycle):
    name = "reboot"
    order = 20
    kind = Operation.Kind.REBOOT
    command = Command.REBOOT
    deadline = timedelta(seconds=300)
    codes = DEAF | {Refusal.NOT_RUNNING: "vps_not_running"}
    unconfirmed_code = "did_not_come_back"

    label = _("Reboot")
    icon = "refresh"
    offered_when = frozenset({"running", "error"})

    question = _("Reboot the server %(name)s?")
    question_of_many = ngettext_lazy("Reboot %(count)d server?", "Reboot %(count)d servers?", "count")
    warning = _("Sites and programs on it stop for about a minute.")
    requested = _("Reboot requested")
    under_way = _("Rebooting")
    begun = _("Reboot of %(name)s has begun")
    stage = _("The system is shutting down")
    check = _("Checking that it is up")
    noun = pgettext_lazy("operation", "Reboot")
    done = _("%(name)s was rebooted in %(time)s")
    failed = _("Reboot failed")
    again = _("Reboot again")
    by_force = "restart"

    summary = "Reboot a server's system"
    about = "Its system is asked."
