"""The sockets, which ospab_panel.sockets opens. /ws/pages names to an open page the VPSs to look at again; /ws/events sends a
customer's events, first those since `after`, then as they happen.

Both stand on one stack, and differ in what they send:

* pages.py, events.py   the two endpoints: the handshake of each, and what its readers are;
* lifetime.py           what is the same in the life of every socket: how it begins, what is sent, how it ends;
* process.py            all sockets of this process, to whom is passed on what Redis says;
* listener.py           the one subscription by which it is heard;
* looks.py, look.py     when the database is asked, and what: once for all who wait;
* reader.py             who reads by a socket, and what waits to be sent to them;
* handshake.py          who opens a socket of events, and from where in the feed;
* slots.py              how many sockets may be open;
* connection.py         one WebSocket as ASGI has it, and the ways in which it ends.

Events are read from the feed, in order, from the last that was sent: nothing is skipped, and nothing comes twice. A message
of Redis says no more than "look"; it may be lost, and every 15 s all sockets are looked after in any case.
"""

from vps.sockets.events import event_socket
from vps.sockets.pages import page_socket

__all__ = ["event_socket", "page_socket"]
