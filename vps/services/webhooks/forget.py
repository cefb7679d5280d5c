"""Delete what was delivered long ago, with its tries, and secrets that sign no more. The clock calls it now and then."""

from django.db import transaction

from vps.models import WebhookAttempt, WebhookDelivery
from vps.services.webhooks.endpoint import forget_secrets

State = WebhookDelivery.State
KEPT_DAYS = {State.DELIVERED: 30, State.GIVEN_UP: 90}
AT_ONCE = 5000


def forget_old() -> int:
    """Returns how many deliveries went."""
    forget_secrets()
    return sum(forget(state, days) for state, days in KEPT_DAYS.items())


def forget(state: str, days: int) -> int:
    count = 0
    while gone := forget_some(state, days):
        count += gone
    return count


@transaction.atomic
def forget_some(state: str, days: int) -> int:
    """A part at a time: nobody waits for long for what is locked."""
    old = WebhookDelivery.objects.ended_before(state, days).select_for_update(skip_locked=True)
    ids = list(old.order_by("ended_at").values_list("id", flat=True)[:AT_ONCE])
    WebhookAttempt.objects.filter(delivery__in=ids)._raw_delete(using="default")
    WebhookDelivery.objects.filter(id__in=ids)._raw_delete(using="default")
    return len(ids)
