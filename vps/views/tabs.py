"""The tabs of a server's page, each an address of its own, and what stands above them. For the pages beside it."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from vps.models import Vps
from vps.services import metrics
from vps.views.find import find_vps
from web.errors import Sentence


class Tab(NamedTuple):
    """`name` is the word of its address."""

    name: str
    address: str
    label: Sentence


OVERVIEW = Tab("overview", "vps:detail", _("Overview"))
GRAPHS = Tab("graphs", "vps:graphs", _("Graphs"))
SETTINGS = Tab("settings", "vps:settings", _("Settings"))
ACTIVITY = Tab("activity", "vps:activity", _("Activity"))
TABS = {tab.name: tab for tab in (OVERVIEW, GRAPHS, SETTINGS, ACTIVITY)}


def tabs_of(vps: Vps) -> list[Tab]:
    """Those that have something to show: of a server that is bound to nothing nothing is measured."""
    return [tab for tab in TABS.values() if tab is not GRAPHS or hasattr(vps, "placement")]


def head_of(vps: Vps, tab: Tab) -> dict[str, Any]:
    """What the head of every tab shows, from our own tables and what was heard last."""
    return {"vps": vps, "tab": tab, "tabs": tabs_of(vps), "usage": metrics.usage(vps)}


def show_tab(request: HttpRequest, id: int, tab: Tab, **facts: Any) -> HttpResponse:
    """The page of a tab that needs no more of its server than the head does."""
    return render(request, f"vps/server/{tab.name}.html", head_of(find_vps(request, id), tab) | facts)
