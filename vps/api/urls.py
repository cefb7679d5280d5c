"""/api/vps…, /api/operations… and /api/events, for ospab_panel.urls."""

from django.urls import path, re_path

import web.converters  # noqa: F401  registers <id:…>
from vps.api import customer, events, power, sync

urlpatterns = [
    re_path(r"^vps/sync/?$", sync.sync_vps),
    re_path(r"^vps/sync/batch/?$", sync.sync_batch),
    path("vps", customer.vps_list),
    path("vps/<id:id>", customer.vps_detail),
    *(path(f"vps/<id:id>/{name}", endpoint) for name, endpoint in power.ENDPOINTS.items()),
    path("vps/<id:id>/stats", customer.stats),
    path("vps/<id:id>/operations", customer.list_operations),
    path("operations/<id:id>", customer.operation_detail),
    path("events", events.events),
]
