"""The two clients, for their tests."""

from tests.clients.both import client_of, node

__all__ = ["client_of", "node"]
