"""The app `web`: what the endpoints remember of their callers' requests."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "web"
