"""Times in words for mails, each with its zone: nobody knows where a mail is read. For `facts` and `render`."""

from datetime import datetime

from django.utils.dateformat import format as in_format
from django.utils.timezone import get_default_timezone, get_default_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# What people call the zone. All others are named by their distance from UTC.
ZONES = {"Europe/Moscow": gettext_lazy("%(time)s Moscow time")}


def time_of_day(moment: datetime) -> str:
    """Such as 15:32 (UTC+5)."""
    here = moment.astimezone(get_default_timezone())
    by_distance = _("%(time)s (%(zone)s)")
    named = str(ZONES.get(get_default_timezone_name(), by_distance))
    return named % {"time": f"{here:%H:%M}", "zone": distance(here)}


def day_and_time(moment: datetime) -> str:
    """Such as on 26 November at 15:32 (UTC+5)."""
    day = in_format(moment.astimezone(get_default_timezone()), "j E")
    return _("on %(day)s at %(time)s") % {"day": day, "time": time_of_day(moment)}


def distance(here: datetime) -> str:
    """UTC, UTC+3 or UTC+5:30."""
    offset = here.strftime("%z")
    hours, minutes = int(offset[1:3]), offset[3:5]
    shown = f"{offset[0]}{hours}" + (f":{minutes}" if minutes != "00" else "")
    return "UTC" if shown in ("+0", "-0") else f"UTC{shown}"
