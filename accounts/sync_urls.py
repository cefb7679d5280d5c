"""/api/users/…, for ospab_panel.urls, which has registered <id:…>."""

from django.urls import path, re_path

from accounts import sync_api

urlpatterns = [
    re_path(r"^sync/?$", sync_api.sync_user),
    path("<id:id>/login-link", sync_api.login_link),
]
