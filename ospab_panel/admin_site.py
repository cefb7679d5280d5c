"""The staff's admin: Django's, whose first page says what needs attention."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class PanelAdminSite(admin.AdminSite):
    site_header = site_title = _("ospab.host panel")
    index_title = _("Needs attention")
