"""The pages of logging in and of one's own account, for ospab_panel.urls."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.LoginPage.as_view(), name="login"),
    path("login/link/<slug:token>/", views.login_link, name="login_link"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", views.PasswordPage.as_view(), name="password"),
]
