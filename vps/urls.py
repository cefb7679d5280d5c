"""The customer's pages, for ospab_panel.urls."""

from django.urls import path

import web.converters  # noqa: F401  registers <id:…>
from vps import views

app_name = "vps"
urlpatterns = [
    path("", views.server_list, name="list"),
    path("vps/<id:id>/", views.server, name="detail"),
    path("vps/<id:id>/row/", views.row, name="row"),
    path("vps/<id:id>/status/", views.status, name="status"),
    path("vps/<id:id>/history/<slug:timeframe>/", views.history, name="history"),
    path("vps/<id:id>/<slug:kind>/", views.power_page, name="power"),
]
