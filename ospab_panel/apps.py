"""The project's own apps: Django loads them, by INSTALLED_APPS."""

import gc

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class PanelAdminConfig(SimpleAdminConfig):
    """Puts our admin site, which opens on what needs attention, in the place of Django's.

    Its pages are registered by the addresses (urls.py): workers have none, and start without their forms.
    """

    default_site = "ospab_panel.admin_site.PanelAdminSite"


class LoadedConfig(AppConfig):
    """The last one: everything is loaded now. No later search for garbage goes through it."""

    name = "ospab_panel"

    def ready(self) -> None:
        gc.freeze()
        gc.enable()
