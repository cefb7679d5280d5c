"""The composition root: it imports the apps, and no app imports it."""

from ospab_panel.celery import app as celery_app

__all__ = ["celery_app"]
