"""The sockets, which ospab_panel.sockets opens: /ws/pages says to an open page which VPS to look at again; /ws/events tells
a customer's events, first those since `after`, then as they happen.

What is sent is read from the feed, in order, from the last that was sent: nothing is skipped, and nothing comes twice. A
knock by Redis says no more than "look"; it may be lost, and the socket looks by itself too.
"""

from vps.sockets.pages import page_socket
from vps.sockets.serve import event_socket

__all__ = ["event_socket", "page_socket"]
