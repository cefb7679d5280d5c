"""Endpoints as staff keep them: the admin calls these. A secret is made here, given out as it is made, and never read."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps import notify
from vps.db.locks import DELIVERING, held
from vps.models import Event, WebhookDelivery, WebhookEndpoint
from vps.models.webhook_delivery import TEST
from vps.models.webhook_endpoint import OVERLAP
from vps.services.webhooks.address import origin_of
from vps.services.webhooks.body import body_of_test
from vps.services.webhooks.sign import new_secret
from web.errors import PanelError

# So many deliveries are hastened at once: what stands behind them follows.
AT_ONCE = 1000


class TwoSecretsLive(PanelError):
    code = "two_secrets_live"
    status = 409
    message = _("The secret was changed less than 24 hours ago: a third one would end the first at once.")


@transaction.atomic
def add(endpoint: WebhookEndpoint) -> None:
    """Save a new one, with a secret. It gets what comes after the present end of the feed."""
    Event.objects.assign_positions()
    endpoint.cursor = Event.objects.end()
    endpoint.secret = new_secret()
    endpoint.save()


@transaction.atomic
def change(endpoint: WebhookEndpoint) -> bool:
    """Save what staff write of it, and nothing of what is written of it meanwhile. Whether it is on another host now.

    Another host is another receiver: it has a secret of its own, and gets nothing that the one before would verify.
    """
    before = WebhookEndpoint.objects.select_for_update(no_key=True).get(id=endpoint.pk)
    written = ["name", "url", "types"]
    is_moved = origin_of(before.url) != origin_of(endpoint.url)
    if is_moved:
        endpoint.secret, endpoint.secret_shown_at = new_secret(), None
        endpoint.previous_secret, endpoint.previous_until = "", None
        written += ["secret", "secret_shown_at", "previous_secret", "previous_until"]
    endpoint.save(update_fields=written)
    endpoint.ask_at_once()
    notify.worker("deliver", endpoint.pk)
    return is_moved


def give_secret(id: int) -> str:
    """A secret in place of one that nobody was shown, and so nobody knows: to be shown now, for it cannot be read again.

    '' where somebody was shown the one that is there.
    """
    secret = new_secret()
    unseen = WebhookEndpoint.objects.filter(id=id, secret_shown_at=None)
    return secret if unseen.update(secret=secret, secret_shown_at=Now()) else ""


def replace_lost(id: int) -> str:
    """As `give_secret`, where the newer of two was lost on its way to the receiver. The one before holds as long as it
    did. '' where there are not two."""
    WebhookEndpoint.objects.filter(id=id, previous_until__gt=Now()).update(secret_shown_at=None)
    return give_secret(id)


@transaction.atomic
def rotate(id: int) -> None:
    """A new secret; the old one signs beside it for 24 h. Raises TwoSecretsLive while that is so already.

    A secret that nobody was shown is known to nobody, so it is just replaced: a second click does no harm.
    """
    endpoint = WebhookEndpoint.objects.select_for_update().get(id=id)
    columns: dict[str, Any] = {"secret": new_secret(), "secret_shown_at": None}
    if endpoint.secret_shown_at is not None:
        if endpoint.has_two_secrets(timezone.now()):
            raise TwoSecretsLive
        columns |= {"previous_secret": endpoint.secret, "previous_until": timezone.now() + OVERLAP}
    WebhookEndpoint.objects.filter(id=id).update(**columns)


def disable(endpoint: WebhookEndpoint) -> bool:
    """Whether it was in use. What is pending, and what happens meanwhile, waits."""
    return endpoint.disable(WebhookEndpoint.Why.STAFF)


def enable(endpoint: WebhookEndpoint) -> bool:
    """Whether it was disabled. It goes on where it stopped: nothing that happened meanwhile is left out."""
    was_disabled = endpoint.enable()
    notify.worker("deliver_all")
    return was_disabled


def send_test(endpoint: WebhookEndpoint, by: Any) -> WebhookDelivery:
    """Queue a test event. Staff wait for it, so it goes before all else that is due."""
    body, since = body_of_test(endpoint, by, timezone.now()), Now() - timedelta(days=1)
    made: WebhookDelivery = WebhookDelivery.objects.create(endpoint=endpoint, type=TEST, body=body, next_at=since)
    endpoint.ask_at_once()
    notify.worker("deliver", endpoint.pk)
    return made


def send_now() -> int:
    """Nobody waits for the next try, at any endpoint in use. Returns how many deliveries are due sooner by it.

    Only those that hold back others, of those only so many, and none of an endpoint that somebody is at: what is being
    sent is as soon as it can be.
    """
    idle = WebhookEndpoint.objects.active().exclude(id__in=held(DELIVERING))
    for endpoint in idle:
        endpoint.ask_at_once()
    first = WebhookDelivery.objects.pending().first_of_their_vps().filter(endpoint__in=idle, next_at__gt=Now())
    count: int = WebhookDelivery.objects.hasten(list(first.order_by("next_at").values_list("id", flat=True)[:AT_ONCE]))
    notify.worker("deliver_all")
    return count


def send_again(ids: list[int]) -> int:
    """Queue these once more, whatever became of them, with the id and the body that they have. Returns how many."""
    count: int = WebhookDelivery.objects.send_again(ids)
    notify.worker("deliver_all")
    return count


def forget_secrets() -> int:
    """Take away what signs no more. Returns of how many endpoints."""
    over = WebhookEndpoint.objects.filter(previous_until__lt=Now() - timedelta(minutes=5))
    return int(over.update(previous_secret="", previous_until=None))
