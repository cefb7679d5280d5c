"""Whether the clients believe what is right and nothing else, and count a digest alike."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from clients.python.ospab_panel_client import WebhookError

# The example of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
SENT_AT = 1614265330
HEADERS = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(SENT_AT),
    "WEBHOOK-SIGNATURE": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
RIGHT = HEADERS["WEBHOOK-SIGNATURE"]
OTHER = "whsec_" + base64.b64encode(bytes(32)).decode()


@pytest.fixture
def client(client_of: Any) -> Any:
    return client_of("http://panel.example")


def changed(**headers: str) -> dict[str, str]:
    return {name.lower(): value for name, value in HEADERS.items()} | {
        f"webhook-{name}": value for name, value in headers.items()
    }


def signed(key: bytes, body: bytes) -> str:
    digest = hmac.digest(key, f"{HEADERS['Webhook-Id']}.{SENT_AT}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


BELIEVED: dict[str, tuple[dict[str, str], Any, float]] = {
    "the specification's example": (HEADERS, SECRET, SENT_AT),
    "without the prefix of the secret": (HEADERS, SECRET.removeprefix("whsec_"), SENT_AT),
    "nearly five minutes late": (HEADERS, SECRET, SENT_AT + 299),
    "nearly five minutes early": (HEADERS, SECRET, SENT_AT - 299),
    "one of two signatures": (changed(signature=f"v1,{'A' * 43}= {RIGHT}"), SECRET, SENT_AT),
    "beside a version that is not known": (changed(signature=f"v1a,abc {RIGHT} v2,x"), SECRET, SENT_AT),
    "one of two secrets": (HEADERS, [OTHER, SECRET], SENT_AT),
}
DOUBTED: dict[str, tuple[dict[str, str], Any, float]] = {
    "another secret": (HEADERS, OTHER, SENT_AT),
    "no secret": (HEADERS, [], SENT_AT),
    "an empty secret, with which anybody can sign": (changed(signature=signed(b"", BODY)), "whsec_", SENT_AT),
    "a secret that is no base64": (HEADERS, "whsec_%%%%%%%%%%%%%%%%%%%%%%%%", SENT_AT),
    "late": (HEADERS, SECRET, SENT_AT + 301),
    "early": (HEADERS, SECRET, SENT_AT - 301),
    "another id": (changed(id="msg_2"), SECRET, SENT_AT),
    "another time": (changed(timestamp=str(SENT_AT + 1)), SECRET, SENT_AT),
    "no time": (changed(timestamp="soon"), SECRET, SENT_AT),
    "half a signature": (changed(signature=RIGHT[:20]), SECRET, SENT_AT),
    "a signature of no version": (changed(signature=RIGHT.removeprefix("v1,")), SECRET, SENT_AT),
    "a signature of another version": (changed(signature=RIGHT.replace("v1", "v2")), SECRET, SENT_AT),
    "no signature": (changed(signature=""), SECRET, SENT_AT),
    "no header at all": ({}, SECRET, SENT_AT),
}


@pytest.mark.parametrize("what", BELIEVED)
def test_client_verify_webhook_believes_what_is_right(client: Any, what: str) -> None:
    assert client.verify(BODY, *BELIEVED[what]) == {"test": 2432232314}


@pytest.mark.parametrize("what", DOUBTED)
def test_client_verify_webhook_doubts_all_else(client: Any, what: str) -> None:
    with pytest.raises(WebhookError) as doubted:
        client.verify(BODY, *DOUBTED[what])
    assert "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in str(doubted.value)


def test_client_verify_webhook_counts_every_byte(client: Any) -> None:
    with pytest.raises(WebhookError, match="signature"):
        client.verify(BODY.replace(b": ", b":"), HEADERS, SECRET, SENT_AT)


@pytest.mark.parametrize("body", [b"[]", b"\xff\xfe", b"text"])
def test_client_verify_webhook_refuses_what_is_signed_and_is_no_event(client: Any, body: bytes) -> None:
    headers = changed(signature=signed(base64.b64decode(SECRET.removeprefix("whsec_")), body))
    with pytest.raises(WebhookError, match="JSON"):
        client.verify(body, headers, SECRET, SENT_AT)


ROWS = [
    {"id": 10, "external_id": "order-10", "name": "веб 🚀", "status": "stopped"},
    {"id": 9, "external_id": None, "name": "web", "status": "running"},
    {"id": 11, "name": "web", "status": "suspended"},
]
SIZES = {"user_id": 5, "cpu": 4, "ram": 8192, "disk": 100, "os": "Debian 12", "hypervisor": "kvm"}
LINES = (
    "9\t\t5\tweb\tactive\t4\t8192\t100\tDebian 12\tkvm\n"
    "10\torder-10\t5\tвеб 🚀\tactive\t4\t8192\t100\tDebian 12\tkvm\n"
    "11\t\t5\tweb\tsuspended\t4\t8192\t100\tDebian 12\tkvm\n"
)


def test_client_digest_is_counted_as_it_is_documented(client: Any) -> None:
    hashes = [hashlib.sha256(f"{line}\n".encode()).hexdigest() for line in LINES.splitlines()]
    total = sum(int(one[:32], 16) for one in hashes)
    assert total > 2**128, "so that what is carried over is dropped"
    assert client.digest_of([row | SIZES for row in ROWS]) == format(total % 2**128, "032x")
    assert client.digest_of([]) == "0" * 32
