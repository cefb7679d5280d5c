"""The headers of a webhook, as Standard Webhooks has them. For `send`."""

import base64
import secrets
from datetime import UTC, datetime

from standardwebhooks import Webhook

from vps.models import WebhookDelivery


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def headers_of(delivery: WebhookDelivery, live_secrets: list[str]) -> dict[str, str]:
    """The time is this try's, the id the same in all tries. Whoever has any of the secrets can verify it."""
    now = datetime.now(UTC)
    signed = [Webhook(secret).sign(delivery.webhook_id, now, delivery.body) for secret in live_secrets]
    return {
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signed),
        "content-type": "application/json",
        "user-agent": "ospab-panel",
        "accept-encoding": "identity",
    }
