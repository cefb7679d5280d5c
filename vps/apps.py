"""The app `vps`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VpsConfig(AppConfig):
    name = "vps"
    verbose_name = _("Servers")

    def ready(self) -> None:
        """Imports that need the models, which are there by now."""
        from accounts import standing
        from vps import notify

        standing.changed.connect(notify.standing)
