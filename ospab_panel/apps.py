"""Puts our admin site, which opens on what needs attention, in the place of Django's."""

from django.contrib.admin.apps import AdminConfig


class PanelAdminConfig(AdminConfig):
    default_site = "ospab_panel.admin_site.PanelAdminSite"
