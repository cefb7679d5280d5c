"""/api/auth/…, for ospab_panel.urls."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("login", api.login),
    path("refresh", api.refresh),
    path("logout", api.logout),
    path("me", api.me),
]
