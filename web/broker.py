"""Celery as bells use it: the panel's application, and what is raised where the broker is away. `bell` alone imports it.

It is loaded by the first bell, for it takes a fifth of the time that a process needs to start.
"""

from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

application = import_string(settings.BROKER_APPLICATION)

__all__ = ["OperationalError", "application"]
