"""Where pages ask for notices, and put them away: for ospab_panel.urls."""

from django.urls import path

import web.converters  # noqa: F401  registers <id:…>
from vps.views import notices

app_name = "notices"
urlpatterns = [
    path("", notices.unseen, name="unseen"),
    path("seen/", notices.all_seen, name="all_seen"),
    path("<id:id>/seen/", notices.seen, name="seen"),
]
