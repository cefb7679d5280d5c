"""The sockets, which ospab_panel.sockets opens. /ws/pages names to an open page the VPSs to look at again; /ws/events sends a
customer's events, first those since `after`, then as they happen.

Both stand on one stack, and differ in what they send:

* pages.py, events.py   the two endpoints: the handshake of each, and what each sends in a round;
* lifetime.py           what is the same in the life of every socket: its tasks, how it ends, how it asks who is there;
* listener.py           what an open socket hears: the other end, and Redis, whose messages an `Inbox` keeps;
* handshake.py          who opens a socket of events, and from where in the feed;
* slots.py              how many sockets may be open;
* connection.py         one WebSocket as ASGI has it, and the ways in which it ends.

Events are read from the feed, in order, from the last that was sent: nothing is skipped, and nothing comes twice. A message
of Redis says no more than "look"; it may be lost, and the socket looks by itself too.
"""

from vps.sockets.events import event_socket
from vps.sockets.pages import page_socket

__all__ = ["event_socket", "page_socket"]
