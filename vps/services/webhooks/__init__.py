"""Webhooks to the main site: workers call `take` and `deliver`, the sweeper `neglected`, the admin the verbs of endpoints.

`take` makes deliveries of what is new in the feed, `deliver` sends what is due at one endpoint: at least once, of each
VPS in order.
"""

from vps.services.webhooks.address import fault_of
from vps.services.webhooks.due import Neglected, due_endpoints, neglected
from vps.services.webhooks.endpoint import (
    add,
    change,
    disable,
    enable,
    give_secret,
    replace_lost,
    rotate,
    send_again,
    send_test,
)
from vps.services.webhooks.forget import forget_old
from vps.services.webhooks.send import deliver
from vps.services.webhooks.take import take

__all__ = [
    "Neglected",
    "add",
    "change",
    "deliver",
    "disable",
    "due_endpoints",
    "enable",
    "fault_of",
    "forget_old",
    "give_secret",
    "neglected",
    "replace_lost",
    "rotate",
    "send_again",
    "send_test",
    "take",
]
