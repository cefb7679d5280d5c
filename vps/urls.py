"""The customer's pages, for ospab_panel.urls."""

from django.urls import path

import web.converters  # noqa: F401  registers <id:…>
from vps.views import activity, detail, graphs, power, power_of_many, server_list, server_settings

app_name = "vps"
urlpatterns = [
    path("", server_list.server_list, name="list"),
    path("rows/", server_list.rows, name="rows"),
    path("power/", power_of_many.chosen, name="chosen"),
    path("power/<slug:name>/", power_of_many.power_of_many, name="power_of_many"),
    path("vps/<id:id>/", detail.server, name="detail"),
    path("vps/<id:id>/row/", server_list.row, name="row"),
    path("vps/<id:id>/status/", detail.status, name="status"),
    path("vps/<id:id>/graphs/", graphs.graphs, name="graphs"),
    path("vps/<id:id>/activity/", activity.activity, name="activity"),
    path("vps/<id:id>/settings/", server_settings.server_settings, name="settings"),
    path("vps/<id:id>/history/<slug:timeframe>/", graphs.history, name="history"),
    path("vps/<id:id>/power/<slug:name>/", power.power, name="power"),
    # The buttons of a page that 0.3 served, and that is still open: to be taken away with 0.5.
    path("vps/<id:id>/<slug:name>/", power.power),
]
