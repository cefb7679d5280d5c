"""What a server uses, as the documents print it: the stack of the tests may not have measured yet."""

from django.utils import timezone

from tests.docs.blocks import sample
from tests.docs.shape import differences
from vps.hypervisor.base import Usage
from vps.services.metrics import PRIVATE
from vps.services.reconcile.usage import usage_now


def test_stats_are_as_the_documents_print_them() -> None:
    real = usage_now(Usage(), None, timezone.now())
    shown = {name: value for name, value in real.items() if name not in PRIVATE}
    assert differences(sample("CLIENT_VPS_INTEGRATION.md", "uptime_s"), shown) == []
