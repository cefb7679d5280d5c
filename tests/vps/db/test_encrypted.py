"""Secrets at rest: who runs the panel changes FIELD_KEYS and nothing is lost; they are read by workers, and by no request."""

from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.utils import timezone

from ospab_panel.asgi import application
from ospab_panel.middleware import keep_secrets_sealed
from vps.db.encrypted import CannotDecrypt, DecryptionForbidden, Sealed, decrypt, decryption_forbidden
from vps.models import Cluster, WebhookEndpoint


@pytest.fixture
def endpoint(db: None) -> WebhookEndpoint:
    rotated = {"previous_secret": "whsec_old", "previous_until": "2026-01-01T00:00Z"}
    made: WebhookEndpoint = WebhookEndpoint.objects.create(
        name="shop", url="https://a", secret="whsec_a", cursor=0, **rotated
    )
    made.refresh_from_db()
    return made


@pytest.fixture
def new_key() -> str:
    return Fernet.generate_key().decode()


def test_encrypt_again_lets_the_old_key_be_taken_away(
    cluster: Cluster, endpoint: WebhookEndpoint, settings: Any, new_key: str
) -> None:
    settings.FIELD_KEYS = [new_key, *settings.FIELD_KEYS]
    out = StringIO()
    call_command("encrypt_again", stdout=out)
    settings.FIELD_KEYS = [new_key]
    endpoint.refresh_from_db()
    assert (decrypt(endpoint.secret), decrypt(endpoint.previous_secret)) == ("whsec_a", "whsec_old")
    assert decrypt(Cluster.objects.get().token_secret) == "not-a-real-secret"
    assert out.getvalue().splitlines() == ["vps.Cluster: 1", "vps.WebhookEndpoint: 1"]


def test_encrypt_again_names_and_leaves_what_no_key_decrypts_and_does_all_others(
    cluster: Cluster, endpoint: WebhookEndpoint, settings: Any, new_key: str
) -> None:
    """B15. The exit status says that an old key must not be taken away yet."""
    lost_key, *known = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    settings.FIELD_KEYS = [lost_key]
    lost = Cluster.objects.create(name="lost", hosts=["pve"], token_id="a@pve!b", token_secret="s")
    settings.FIELD_KEYS = [new_key, *known]
    with pytest.raises(CommandError, match=rf"vps.Cluster {lost.pk} \(lost\): token_secret"):
        call_command("encrypt_again", stdout=StringIO())
    settings.FIELD_KEYS = [new_key]
    endpoint.refresh_from_db()
    assert decrypt(endpoint.secret) == "whsec_a"
    assert decrypt(Cluster.objects.get(pk=cluster.pk).token_secret) == "not-a-real-secret"
    settings.FIELD_KEYS = [lost_key]
    assert decrypt(Cluster.objects.get(pk=lost.pk).token_secret) == "s", "it is as it was"


def test_prepare_names_what_no_key_decrypts_before_the_panel_is_served(
    cluster: Cluster, endpoint: WebhookEndpoint, settings: Any, new_key: str
) -> None:
    """B15: as after a restore with the wrong keys."""
    output = StringIO()
    call_command("prepare", stdout=StringIO(), stderr=output)
    assert output.getvalue() == ""
    settings.FIELD_KEYS = [new_key]
    call_command("prepare", stdout=StringIO(), stderr=output)
    first, second = output.getvalue().splitlines()
    assert first.startswith(f"vps.Cluster {cluster.pk} (main): token_secret: cannot be decrypted")
    assert second.startswith(f"vps.WebhookEndpoint {endpoint.pk} (shop): secret, previous_secret: cannot")


def test_encrypted_field_that_is_read_and_written_keeps_its_ciphertext_to_the_byte(
    cluster: Cluster, settings: Any
) -> None:
    """B15: nothing is decrypted by loading, nor by saving, nor by printing."""
    before = Cluster.objects.values_list("token_secret", flat=True).get()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    row = Cluster.objects.get()
    row.full_clean()
    row.name = "renamed"
    row.save()
    row.refresh_from_db()
    assert row.token_secret == before
    assert isinstance(before, Sealed)
    assert before.token not in f"{before} {before!r} {vars(row)}"
    with pytest.raises(CannotDecrypt):
        decrypt(row.token_secret)


def test_dumpdata_which_could_not_bring_a_secret_back_refuses_to_dump_it(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match=r"vps.Cluster.token_secret is a secret: copy it by pg_dump"):
        call_command("dumpdata", "vps.Cluster", stdout=StringIO())


def test_decrypt_is_forbidden_to_whoever_answers_a_request(cluster: Cluster, endpoint: WebhookEndpoint) -> None:
    """D: neither a cluster's credentials nor what signs webhooks, and both are there for whoever works afterwards."""
    cluster.refresh_from_db()

    def view(_request: Any) -> Any:
        with pytest.raises(DecryptionForbidden):
            cluster.credentials()
        with pytest.raises(DecryptionForbidden):
            endpoint.live_secrets(timezone.now())

    keep_secrets_sealed(view)(RequestFactory().get("/"))
    with decryption_forbidden(), pytest.raises(DecryptionForbidden):
        decrypt("not saved yet")
    assert cluster.credentials()["secret"] == "not-a-real-secret"


def test_decrypt_is_forbidden_to_whoever_answers_a_socket(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """D: in the threads too in which a socket asks the database."""
    refused = []

    def asked(callers: list[Any]) -> Any:
        with pytest.raises(DecryptionForbidden):
            decrypt("not saved yet")
        refused.append("of-nobody")
        return [None for _ in callers]

    monkeypatch.setattr("vps.sockets.look.standings", asked)
    headers: list[tuple[bytes, bytes]] = [(b"host", b"localhost")]
    scope = {"type": "websocket", "path": "/ws/events", "query_string": b"", "headers": headers}
    assert async_to_sync(close_code)(scope | {"subprotocols": ["bearer.of-nobody"]}) == 4401
    assert refused == ["of-nobody"]


async def close_code(scope: dict[str, Any]) -> int:
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(30))["type"] == "websocket.accept"
    code: int = (await socket.receive_output(30))["code"]
    await socket.wait(30)
    return code
