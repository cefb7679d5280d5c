"""Webhooks to the main site, at least once, of each VPS in order. Workers call `enqueue` and `deliver`, the sweeper
`neglected`, the admin the verbs of endpoints.

* enqueue.py     `enqueue` makes deliveries of what is new in the feed, for each endpoint in use;
* due.py         where something waits to be delivered, or enqueued: for whoever rings, and for the sweeper;
* send.py        `deliver` sends what is due at one endpoint: claims deliveries, lets threads call, records the answers;
* call.py        one call to an endpoint, and its answer;
* connection.py  connections that go to the very address that was checked;
* head.py        an answer whose head broke off is no answer;
* address.py     where webhooks may go: rules for URLs and addresses;
* body.py        the body of a webhook, made once;
* sign.py        the headers of a webhook, with its signatures, and new secrets;
* verdict.py     what becomes of a delivery by its answer, and the schedule of tries;
* endpoint.py    what staff do to an endpoint;
* forget.py      deletes what was delivered, or given up, long ago.
"""

from vps.services.webhooks.address import fault_of
from vps.services.webhooks.due import Neglected, due_endpoints, neglected, signs
from vps.services.webhooks.endpoint import (
    add,
    change,
    disable,
    enable,
    give_secret,
    replace_lost,
    rotate,
    send_again,
    send_now,
    send_test,
)
from vps.services.webhooks.enqueue import enqueue
from vps.services.webhooks.forget import forget_old
from vps.services.webhooks.send import deliver

__all__ = [
    "Neglected",
    "add",
    "change",
    "deliver",
    "disable",
    "due_endpoints",
    "enable",
    "enqueue",
    "fault_of",
    "forget_old",
    "give_secret",
    "neglected",
    "replace_lost",
    "rotate",
    "send_again",
    "send_now",
    "send_test",
    "signs",
]
