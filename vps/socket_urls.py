"""The sockets' addresses, for ospab_panel.asgi. Programs are those that come from no page, and bring no cookie of ours."""

from django.urls import path

from vps.consumers import PageConsumer
from vps.event_socket import event_socket

for_programs = [path("ws/events", event_socket)]  # type: ignore[arg-type]  # Django's stubs know no ASGI
for_browsers = [path("ws/pages", PageConsumer.as_asgi()), *for_programs]
