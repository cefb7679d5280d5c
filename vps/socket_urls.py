"""The sockets' addresses, for ospab_panel.asgi."""

from django.urls import path

from vps.consumers import PageConsumer

socket_urls = [path("ws/pages", PageConsumer.as_asgi())]
