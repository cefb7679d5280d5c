"""One call to an endpoint: where it may go, how long it takes, and what of the answer is kept."""

import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from launcher.certificate import certificate
from tests.seams import Shorten
from tests.vps.services.webhooks.receiver import Receiver, Reply, receiving
from vps.services.webhooks import connection
from vps.services.webhooks.address import fault_of
from vps.services.webhooks.call import Answer, call
from vps.services.webhooks.connection import open_session

INSIDE = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "0.0.0.0",  # noqa: S104
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.1", "::", "::1", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "2001:db8::1", "100::1",
)  # fmt: skip


@pytest.fixture
def with_tls(tmp_path: Path) -> Any:
    pem, key, _ = certificate(tmp_path)
    with receiving(tls=(pem, key)) as receiver:
        trusted = ssl.create_default_context(cafile=str(pem))
        yield receiver, trusted


def sent(url: str, *, allow_private: bool = True, **options: Any) -> Answer:
    with open_session(allow_private=allow_private, **options) as session:
        return call(session, url, {"webhook-id": "evt_1"}, b'{"data":{}}')


@pytest.mark.parametrize("address", INSIDE)
def test_webhook_call_does_not_connect_to_a_name_that_stands_for_an_address_inside(
    receiver: Receiver, address: str
) -> None:
    port = receiver.url.rpartition(":")[2]
    answer = sent(f"https://webhooks.example.com:{port}", allow_private=False, resolve=lambda host, port: [address])
    assert (answer.status, answer.error) == (None, "address")


def test_webhook_call_refuses_a_name_with_one_address_inside_among_others() -> None:
    found = ["93.184.216.34", "10.0.0.1"]
    assert sent("https://example.com/", allow_private=False, resolve=lambda host, port: found).error == "address"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "localhost", "localhost.", "LOCALHOST",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]",
    ],
)  # fmt: skip
def test_webhook_call_does_not_connect_to_this_machine_however_it_is_written(receiver: Receiver, host: str) -> None:
    """Not every resolver knows a name of this machine that ends in a dot."""
    port = receiver.url.rpartition(":")[2]
    refusals = {"address", "name"} if host.endswith(".") else {"address"}
    assert sent(f"https://{host}:{port}", allow_private=False).error in refusals
    assert receiver.got == []


def test_webhook_call_sends_no_plain_http_where_private_addresses_are_not_allowed(receiver: Receiver) -> None:
    assert sent(receiver.url, allow_private=False, resolve=lambda host, port: ["93.184.216.34"]).error == "address"
    assert receiver.got == []


def test_webhook_call_looks_a_name_up_once_a_connection_and_connects_to_what_was_checked(
    with_tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is public at the first question and this machine at the next. 93.184.216.34 leads to the receiver here."""
    receiver, trusted = with_tls
    asked, connected = [], []
    create = connection.socket.create_connection

    def alternating(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) % 2 else ["127.0.0.1"]

    def wire(address: tuple[str, int], timeout: float) -> Any:
        connected.append(address[0])
        return create(("127.0.0.1", address[1]), timeout)

    monkeypatch.setattr(connection.socket, "create_connection", wire)
    url = receiver.url.replace("127.0.0.1", "localhost")
    answers = [sent(url, allow_private=False, resolve=alternating, tls=trusted) for _ in range(6)]
    assert [answer.status or answer.error for answer in answers] == [200, "address"] * 3
    assert (len(asked), set(connected)) == (6, {"93.184.216.34"})
    assert {got.headers["host"].split(":")[0] for got in receiver.got} == {"localhost"}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "//example.com/", "example.com", "https:///", "https://",
        "https://user@example.com/", "https://user:secret@example.com/", "https://@example.com/",
        "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/", "https://example.com/#part", "https://ex\nample.com/", "javascript:1",
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[2002:7f00:1::]/",
        "https://localhost/", "https://localhost./", "https://10.1.2.3/", "https://[fe80::1%25eth0]/",
        "https://[::1", "https://пример.рф/",
    ],
)  # fmt: skip
def test_fault_of_refuses_what_is_no_public_https_address(url: str) -> None:
    assert fault_of(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "allow_private"),
    [
        ("https://main.example.com/hooks?a=b", False), ("https://example.com:8443", False), ("https://8.8.8.8/", False),
        ("https://[2606:4700::1111]/", False), ("http://127.0.0.1:3000/hooks", True), ("http://main_site/x", True),
    ],
)  # fmt: skip
def test_fault_of_allows_others(url: str, allow_private: bool) -> None:
    assert fault_of(url, allow_private=allow_private) == ""


# TLS


def test_webhook_call_sends_nothing_where_nobody_vouches_for_the_certificate(with_tls: Any) -> None:
    receiver, _ = with_tls
    assert sent(receiver.url).error == "tls"
    assert receiver.got == []


def test_webhook_call_wants_the_names_certificate_though_it_connects_to_an_address(with_tls: Any) -> None:
    receiver, trusted = with_tls
    here = {"resolve": lambda host, port: ["127.0.0.1"], "tls": trusted}
    assert sent(receiver.url.replace("127.0.0.1", "localhost"), **here).status == 200
    assert sent(receiver.url.replace("127.0.0.1", "main.example.com"), **here).error == "tls"
    assert len(receiver.got) == 1


# Time and size


@pytest.fixture
def hurried(shorten: Shorten) -> None:
    shorten(webhook_read_s=0.6, webhook_s=1.0)


def test_webhook_call_gives_up_who_says_nothing(receiver: Receiver, hurried: None) -> None:
    released = threading.Event()
    receiver.always(hold=released)
    answer = sent(receiver.url)
    released.set()
    assert (answer.status, answer.error) == (None, "timed_out")


@pytest.mark.parametrize(
    "reply", [{"drip_s": 0.1}, {"drip_head_s": 0.1}, {"drip_s": 0.1, "headers": {"Content-Length": ""}}]
)
def test_webhook_call_cuts_off_who_drips_though_each_drop_comes_in_time(
    receiver: Receiver, hurried: None, reply: Any
) -> None:
    """By its length, before its body, and where its end alone would be the end."""
    receiver.always(body=b"x" * 200, **reply)
    answer = sent(receiver.url)
    assert (answer.status, answer.error) == (None, "timed_out")
    assert 900 <= answer.took_ms < 6000


def test_webhook_call_cuts_off_who_drips_on_a_kept_connection(receiver: Receiver, hurried: None) -> None:
    with open_session(allow_private=True) as session:
        assert call(session, receiver.url, {"webhook-id": "evt_1"}, b"{}").status == 200
        receiver.always(body=b"x" * 200, drip_s=0.1)
        answer = call(session, receiver.url, {"webhook-id": "evt_1"}, b"{}")
    assert answer.error == "timed_out"
    assert answer.took_ms < 6000
    assert len({got.connection for got in receiver.got}) == 1


@pytest.mark.parametrize("status", [200, 302, 503])
def test_webhook_call_keeps_a_kilobyte_of_an_answer_without_an_end(
    receiver: Receiver, hurried: None, status: int
) -> None:
    endless = {"Content-Length": "1000000000", "Location": "/x"}
    receiver.always(status=status, headers=endless, body=b"\0\xff" + b"x" * 100_000)
    answer = sent(receiver.url)
    assert answer.status == status
    assert len(answer.text) == 1024
    assert "\0" not in answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    ],
)
def test_webhook_call_counts_half_an_answer_as_none(receiver: Receiver, raw: bytes) -> None:
    receiver.answer = lambda got: Reply(raw=raw)
    answer = sent(receiver.url)
    assert (answer.status, answer.error) == (None, "broken")


def test_webhook_call_fails_alone_by_what_nobody_has_thought_of_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def astonish(host: str, port: int) -> list[str]:
        raise ZeroDivisionError

    assert sent("http://main.example.com/hooks", resolve=astonish).error == "broken"
    assert "ZeroDivisionError" in caplog.text


def test_webhook_call_says_that_nobody_listens_at_a_port(receiver: Receiver) -> None:
    assert sent("http://127.0.0.1:1/").error == "connection"


def test_webhook_call_says_that_there_is_no_such_name() -> None:
    assert sent("http://does-not-exist.invalid/").error == "name"


def test_webhook_call_uses_neither_a_proxy_nor_a_password_of_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert sent(receiver.url).status == 200
    assert "authorization" not in receiver.got[0].headers


def test_webhook_call_keeps_its_connection_for_the_next_and_no_cookie(receiver: Receiver) -> None:
    receiver.always(headers={"Set-Cookie": "a=b"})
    with open_session(allow_private=True) as session:
        for _ in range(3):
            assert call(session, receiver.url, {"webhook-id": "evt_1"}, b"{}").status == 200
    assert len({got.connection for got in receiver.got}) == 1
    assert not any("cookie" in got.headers for got in receiver.got)
