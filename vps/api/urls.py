"""/api/vps…, /api/operations… and /api/events, for ospab_panel.urls."""

from django.urls import path, re_path

import web.converters  # noqa: F401  registers <id:…>
from vps.api import customer, events, power, sync, sync_one, sync_power

urlpatterns = [
    # What is asked most is found first.
    path("vps", customer.vps_list),
    re_path(r"^vps/sync/?$", sync.sync_vps),
    re_path(r"^vps/sync/batch/?$", sync.sync_batch),
    # What an external_id may be followed by stands before the address that takes anything for one.
    *(path(f"vps/sync/{route}", endpoint) for route, endpoint in sync_power.ENDPOINTS.items()),
    *(path(f"vps/sync/{route}", endpoint) for route, endpoint in sync_one.ENDPOINTS.items()),
    path("vps/<id:id>", customer.vps_detail),
    *(path(f"vps/<id:id>/{name}", endpoint) for name, endpoint in power.ENDPOINTS.items()),
    path("vps/<id:id>/stats", customer.stats),
    path("vps/<id:id>/operations", customer.list_operations),
    path("operations/<id:id>", customer.operation_detail),
    path("events", events.events),
]
