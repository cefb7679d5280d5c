"""The way out by SMTP: EMAIL_BACKEND names it. Django's, which says our own name and can be cut off wherever it waits."""

import smtplib
import socket
from typing import Any

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from web.deadline import watch


class Plain(smtplib.SMTP):
    def _get_socket(self, *args: Any) -> socket.socket:
        return watched(super()._get_socket(*args))  # type: ignore[misc]  # typeshed leaves it out


class Encrypted(smtplib.SMTP_SSL):
    def _get_socket(self, *args: Any) -> socket.socket:
        return watched(super()._get_socket(*args))  # type: ignore[misc]  # as above


def watched(connected: socket.socket) -> socket.socket:
    watch(connected)
    return connected


class Backend(EmailBackend):
    def open(self) -> bool:
        """Django's asks the resolver for this machine's name, which may take long, and need not be one that is known."""
        if self.connection and self.connection.sock:
            # Of the mail before: it is this one's now.
            watch(self.connection.sock)
            return False
        self.connection = self.connected()
        try:
            if self.use_tls:
                self.connection.starttls(context=self.ssl_context)
            if self.username and self.password:
                self.connection.login(self.username, self.password)
        except BaseException:
            # Without a goodbye: whoever does not talk to us would be waited for once more.
            self.connection.close()
            self.connection = None
            raise
        return True

    def connected(self) -> smtplib.SMTP:
        timeout = settings.EMAIL_TIMEOUT
        if self.use_ssl:
            return Encrypted(self.host, self.port, settings.PANEL_HOST, timeout=timeout, context=self.ssl_context)
        return Plain(self.host, self.port, settings.PANEL_HOST, timeout=timeout)
