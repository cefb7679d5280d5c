"""The pages of logging in and of one's own account, for ospab_panel.urls."""

from django.urls import path

from accounts.pages import demo_mail
from accounts.pages.forgotten_password import forgotten, forgotten_sent, reset_password
from accounts.pages.login import LoginPage, LogoutPage
from accounts.pages.login_link import login_link
from accounts.pages.own_email import cancel_email_change, change_email, confirm_email
from accounts.pages.own_password import PasswordPage
from accounts.pages.profile import profile

app_name = "accounts"
urlpatterns = [
    path("login/", LoginPage.as_view(), name="login"),
    path("login/link/<slug:token>/", login_link, name="login_link"),
    path("logout/", LogoutPage.as_view(), name="logout"),
    path("password/forgot/", forgotten, name="forgotten"),
    path("password/forgot/sent/", forgotten_sent, name="forgotten_sent"),
    path("password/reset/<slug:token>/", reset_password, name="reset_password"),
    path("email/confirm/<slug:token>/", confirm_email, name="confirm_email"),
    path("profile/", profile, name="profile"),
    path("profile/password/", PasswordPage.as_view(), name="password"),
    path("profile/email/", change_email, name="email"),
    path("profile/email/cancel/", cancel_email_change, name="cancel_email_change"),
    path("demo/mail/", demo_mail.mails, name="demo_mails"),
    path("demo/mail/<slug:name>/", demo_mail.one_mail, name="demo_mail"),
    path("demo/mail/<slug:name>/html/", demo_mail.html_of_mail, name="demo_mail_html"),
]
