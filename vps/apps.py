"""The app `vps`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VpsConfig(AppConfig):
    name = "vps"
    verbose_name = _("Servers")
