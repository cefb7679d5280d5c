"""/ws/events: a customer's events, first those since `after`, then as they happen. ospab_panel.asgi opens it.

What is sent is read from the feed, in order, from the last that was sent: nothing is skipped, and nothing comes twice. A
knock by Redis says no more than "look"; it may be lost, and the socket looks by itself too.
"""

from vps.event_socket.serve import event_socket

__all__ = ["event_socket"]
