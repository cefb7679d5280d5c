"""The pages of logging in and of one's own account, for ospab_panel.urls."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.pages.login import LoginPage
from accounts.pages.login_link import login_link
from accounts.pages.own_password import PasswordPage
from accounts.pages.profile import profile

app_name = "accounts"
urlpatterns = [
    path("login/", LoginPage.as_view(), name="login"),
    path("login/link/<slug:token>/", login_link, name="login_link"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("profile/", profile, name="profile"),
    path("profile/password/", PasswordPage.as_view(), name="password"),
]
