"""Puts our admin site, which opens on what needs attention, in the place of Django's."""

from django.contrib.admin.apps import SimpleAdminConfig


class PanelAdminConfig(SimpleAdminConfig):
    """Its pages are registered by the addresses (urls.py): workers have none, and start without their forms."""

    default_site = "ospab_panel.admin_site.PanelAdminSite"
