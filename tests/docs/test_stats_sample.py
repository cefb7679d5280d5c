"""What a server uses, as the documents print it: the stack of the tests may not have measured yet."""

import time

from tests.docs.blocks import sample
from tests.docs.shape import differences
from vps.hypervisor.base import Usage
from vps.usage import shape, usage_now


def test_stats_are_as_the_documents_print_them() -> None:
    shown = shape(usage_now(Usage(), None, time.time()))
    assert differences(sample("CLIENT_VPS_INTEGRATION.md", "uptime_s"), shown) == []
