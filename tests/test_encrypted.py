"""Secrets at rest: who runs the panel changes FIELD_KEYS, and nothing is lost."""

from io import StringIO
from typing import Any

from cryptography.fernet import Fernet
from django.core.management import call_command

from vps.models import Cluster, WebhookEndpoint


def test_keys_are_changed_and_the_old_one_can_be_taken_away(cluster: Cluster, settings: Any) -> None:
    rotated = {"previous_secret": "whsec_old", "previous_until": "2026-01-01T00:00Z"}
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://a", secret="whsec_a", cursor=0, **rotated)
    token = Cluster.objects.get().token_secret
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    out = StringIO()
    call_command("encrypt_again", stdout=out)
    settings.FIELD_KEYS = [new]
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.previous_secret) == ("whsec_a", "whsec_old")
    assert Cluster.objects.get().token_secret == token
    assert out.getvalue().splitlines() == ["vps.Cluster: 1", "vps.WebhookEndpoint: 1"]
