"""Endpoints as staff keep them: the admin calls these. A secret is made here, and given out once."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps import notify
from vps.errors import PanelError
from vps.models import Event, WebhookDelivery, WebhookEndpoint
from vps.models.webhook_delivery import TEST
from vps.models.webhook_endpoint import OVERLAP
from vps.services.webhooks.body import body_of_test
from vps.services.webhooks.sign import new_secret


class TwoSecretsLive(PanelError):
    code = "two_secrets_live"
    status = 409
    message = _("The secret was changed less than 24 hours ago: a third one would end the first at once.")


@transaction.atomic
def add(endpoint: WebhookEndpoint) -> None:
    """Save a new one, with a secret. It is told of what comes after the present end of the feed."""
    Event.objects.settle()
    endpoint.cursor = Event.objects.aggregate(end=Max("position"))["end"] or 0
    endpoint.secret = new_secret()
    endpoint.save()


def change(endpoint: WebhookEndpoint) -> None:
    """Save what staff write of it, and nothing of what is written of it meanwhile."""
    endpoint.save(update_fields=["name", "url", "types"])
    WebhookEndpoint.objects.ask_at_once(endpoint.pk)
    notify.worker("deliver", endpoint.pk)


def give_secret(id: int) -> str:
    """The secret, to be shown; '' where somebody was shown it already."""
    unseen = WebhookEndpoint.objects.filter(id=id, secret_shown_at=None)
    if not unseen.update(secret_shown_at=Now()):
        return ""
    secret: str = WebhookEndpoint.objects.get(id=id).secret
    return secret


@transaction.atomic
def rotate(id: int) -> None:
    """A new secret; the old one signs beside it for 24 h. Raises TwoSecretsLive while that is so already.

    A secret that nobody was shown is known to nobody, so it is just replaced: a second click does no harm.
    """
    endpoint = WebhookEndpoint.objects.select_for_update().get(id=id)
    columns: dict[str, Any] = {"secret": new_secret(), "secret_shown_at": None}
    if endpoint.secret_shown_at is not None:
        if len(endpoint.live_secrets(timezone.now())) > 1:
            raise TwoSecretsLive
        columns |= {"previous_secret": endpoint.secret, "previous_until": timezone.now() + OVERLAP}
    WebhookEndpoint.objects.filter(id=id).update(**columns)


def disable(id: int) -> bool:
    """Whether it was in use. What is pending, and what happens meanwhile, waits."""
    return bool(WebhookEndpoint.objects.disable(id, WebhookEndpoint.Why.STAFF))


def enable(id: int) -> bool:
    """Whether it was disabled. It goes on where it stopped: nothing that happened meanwhile is left out."""
    was_disabled = bool(WebhookEndpoint.objects.enable(id))
    notify.worker("deliver_all")
    return was_disabled


def send_test(endpoint: WebhookEndpoint, by: Any) -> WebhookDelivery:
    """Queue a test event. Staff wait for it, so it goes before all else that is due."""
    body, since = body_of_test(endpoint, by, timezone.now()), Now() - timedelta(days=1)
    made: WebhookDelivery = WebhookDelivery.objects.create(endpoint=endpoint, type=TEST, body=body, next_at=since)
    WebhookEndpoint.objects.ask_at_once(endpoint.pk)
    notify.worker("deliver", endpoint.pk)
    return made


def send_again(ids: list[int]) -> int:
    """Queue these once more, whatever became of them, with the id and the body that they have. Returns how many."""
    count: int = WebhookDelivery.objects.send_again(ids)
    notify.worker("deliver_all")
    return count


def forget_secrets() -> int:
    """Take away what signs no more. Returns of how many endpoints."""
    over = WebhookEndpoint.objects.filter(previous_until__lt=Now() - timedelta(minutes=5))
    return int(over.update(previous_secret="", previous_until=None))
