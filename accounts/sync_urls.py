"""/api/users/…, for ospab_panel.urls, which has registered <id:…>."""

from django.urls import path, re_path

from accounts import login_link_api, sync_api

urlpatterns = [
    re_path(r"^sync/?$", sync_api.sync_user),
    path("<id:id>/login-link", login_link_api.by_id),
    path("external/<path:external_id>/login-link", login_link_api.by_external_id),
]
