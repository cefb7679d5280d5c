"""How long the main site's calls took, by what they asked, in the time that the reader looks at."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.admin.main_site.section import WINDOWS, Section, chosen
from vps.models import SyncCall


def facts(request: HttpRequest) -> dict[str, Any]:
    window = WINDOWS[chosen(request)]
    return {"title": window.title, "rows": SyncCall.objects.since(window.periods()[0]).durations()}


SECTION = Section(_("How long they took"), "admin/vps/synccall/_durations.html", facts)
