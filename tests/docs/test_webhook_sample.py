"""The body of a webhook, as the documents print it: no block there receives one from the panel."""

import json
from typing import Any

from tests.docs.blocks import sample
from tests.docs.shape import differences
from vps.models import Event, Vps
from vps.services.webhooks.body import bodies_of

ORDER = {
    "external_id": "1001",
    "name": "web-01",
    "status": "running",
    "cpu": 4,
    "ram": 8192,
    "disk": 100,
    "os": "Debian",
}


def test_webhook_body_is_as_the_documents_print_it(main_site: Any, alice: Any) -> None:
    vps = main_site("create", user_id=alice.id, **ORDER).json()["vps"]
    Vps.objects.observed([vps["id"]], Vps.Status.STOPPED)
    ((_, body),) = bodies_of([Event.objects.get(type="vps.status_changed")])
    assert differences(sample("CLIENT_VPS_INTEGRATION.md", "timestamp"), json.loads(body)) == []
