"""Hosts that are down, that break off, and that are not whom we trust: against real sockets."""

import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from launcher.certificate import certificate
from launcher.secrets_file import free_port
from tests.seams import Shorten
from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Access, Command, OutcomeUnknown, Refusal, Refused, TooLate, Unreachable
from vps.hypervisor.proxmox import transport
from vps.operations.sweep import IDLE_S

GUEST = GuestRef(Kind.VM, "100", "pve1")
UPID = "UPID:pve1:00001234:00005678:65000000:qmreboot:100:panel@pve!portal:"
DONE = http_answer(b'{"data": "%s"}' % UPID.encode())
AT_ONCE = struct.pack("ii", 1, 0)


def reset(connection: Any) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    connection.close()


def break_tls(connection: Any) -> None:
    with socket.socket(fileno=connection.detach()) as plain:
        plain.sendall(b"this is no record of TLS")


BROKEN_BEFORE = {
    "nothing": lambda _: time.sleep(20),
    "a reset": reset,
    "plain HTTP": lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
}
BROKEN_AFTER = {
    "nothing": lambda _: time.sleep(20),
    "a reset": reset,
    "broken TLS": break_tls,
    "the end": lambda _: None,
}


@pytest.mark.parametrize("what", BROKEN_BEFORE)
def test_send_of_a_command_that_did_not_leave_is_tried_at_another_host(
    impostor: Any, shorten: Shorten, what: str
) -> None:
    shorten(connect_s=2)
    broken, sound = impostor.breaking(BROKEN_BEFORE[what]), impostor.answering(DONE)
    assert connect("proxmox", impostor.access(broken, sound)).send(GUEST, Command.REBOOT, 60) == UPID
    with pytest.raises(Unreachable):
        connect("proxmox", impostor.access(broken)).send(GUEST, Command.REBOOT, 60)


@pytest.mark.parametrize("what", BROKEN_AFTER)
def test_send_of_a_command_that_left_is_never_tried_again(impostor: Any, shorten: Shorten, what: str) -> None:
    shorten(command_s=0.5)
    broken, sound = impostor.answering(BROKEN_AFTER[what]), impostor.answering(DONE)
    with pytest.raises(OutcomeUnknown):
        connect("proxmox", impostor.access(broken, sound)).send(GUEST, Command.REBOOT, 60)
    assert impostor.asked == 1


def test_send_leaves_nothing_after_its_time(impostor: Any) -> None:
    """Whoever was paused on the way is not told how long: the connection looks, just before it sends."""
    host = impostor.answering(DONE)
    with pytest.raises(TooLate):
        connect("proxmox", impostor.access(host)).send(GUEST, Command.REBOOT, 60, leave_by=time.monotonic() - 0.1)
    assert impostor.asked == 0


@pytest.mark.parametrize("what", BROKEN_AFTER)
def test_read_is_tried_at_another_host_after_any_failure(impostor: Any, shorten: Shorten, what: str) -> None:
    shorten(read_s=2)
    sound = impostor.answering(http_answer(b'{"data": {"version": "8.4.21"}}'))
    broken = impostor.answering(BROKEN_AFTER[what])
    assert connect("proxmox", impostor.access(broken, sound)).version() == "8.4.21"


NO = http_answer(b'{"data": null}', "500 VM 100 not running")


@pytest.mark.parametrize("answer", [DONE, NO])
def test_host_that_hangs_costs_its_time_once(impostor: Any, shorten: Shorten, answer: bytes) -> None:
    """Whoever answered last is asked first, whatever the answer was."""
    shorten(connect_s=2)
    waited: list[Any] = []
    hanging = impostor.breaking(lambda connection: (waited.append(connection), time.sleep(20)))
    hypervisor = connect("proxmox", impostor.access(hanging, impostor.answering(answer)))
    for _ in range(3):
        with suppress(Refused):
            hypervisor.send(GUEST, Command.REBOOT, 60)
    assert (len(waited), impostor.asked) == (1, 3)


def test_hosts_that_hang_are_not_all_waited_for_and_the_last_is_found_in_the_end(
    impostor: Any, shorten: Shorten
) -> None:
    """Whoever asks them one after the other may hold a turn, and says nothing to the database meanwhile."""
    shorten(read_s=1, other_hosts_s=1.5)
    hanging = [impostor.answering(lambda _: time.sleep(60)) for _ in range(6)]
    sound = impostor.answering(http_answer(b'{"data": {"version": "8.4.21"}}'))
    hypervisor = connect("proxmox", impostor.access(*hanging, sound))
    found, calls = "", 0
    while not found and calls < len(hanging) + 1:
        asked_before, calls = impostor.asked, calls + 1
        with suppress(OutcomeUnknown):
            found = hypervisor.version()
        assert impostor.asked - asked_before <= 2
    assert (found, calls > 2) == ("8.4.21", True)


def test_transport_waits_no_longer_than_the_silence_that_ends_a_claim() -> None:
    longest = transport.TRIES_FOR_S + transport.CONNECT_S + transport.COMMAND_S
    assert longest < IDLE_S


def test_send_to_a_host_where_nobody_listens_is_unreachable() -> None:
    access = Access((f"127.0.0.1:{free_port()}",), "panel@pve!portal", "secret")
    with pytest.raises(Unreachable):
        connect("proxmox", access).send(GUEST, Command.REBOOT, 60)


@pytest.mark.parametrize("host", ["no such/host", "::1", "127.0.0.1:99999", "a" * 70 + ".example", ""])
def test_host_with_an_impossible_name_is_a_host_that_is_down(impostor: Any, host: str) -> None:
    sound = impostor.answering(DONE)
    assert connect("proxmox", impostor.access(host, sound)).send(GUEST, Command.REBOOT, 60) == UPID


def test_connect_without_hosts_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        connect("proxmox", Access((), "panel@pve!portal", "secret")).version()


def test_send_asks_another_host_where_one_is_down(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    hosts = (f"127.0.0.1:{free_port()}", simulated.simulator.tls)
    assert driver(hosts=hosts).send(GUEST, Command.START, 60)
    assert simulated.commands(100) == ["start"]


def test_tls_trusts_the_clusters_own_authority(driver: Any, simulated: Any) -> None:
    assert driver(fingerprint="", ca_pem=simulated.pem.read_text()).version() == "9.2.11"


def test_tls_takes_a_pin_written_in_either_case(driver: Any, simulated: Any) -> None:
    assert driver(fingerprint=simulated.fingerprint.lower()).version() == "9.2.11"


@pytest.mark.parametrize(
    "trust",
    [
        {"fingerprint": ""},
        {"fingerprint": "AB:" * 31 + "AB"},
        {"fingerprint": "zz"},
        {"fingerprint": "", "ca_pem": "rubbish"},
    ],
)
def test_tls_sends_nothing_to_whom_it_cannot_trust(impostor: Any, trust: dict[str, str]) -> None:
    host = impostor.answering(DONE)
    with pytest.raises(Unreachable):
        connect("proxmox", impostor.access(host, **trust)).send(GUEST, Command.REBOOT, 60)
    assert impostor.asked == 0


def test_tls_refuses_the_certificate_of_another_authority(driver: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _, _ = certificate(tmp_path / "other")
    with pytest.raises(Unreachable):
        driver(fingerprint="", ca_pem=other.read_text()).version()


def test_tls_takes_a_certificate_of_another_name_by_its_pin_alone(impostor: Any, tmp_path: Path) -> None:
    """The certificate is for localhost and 127.0.0.1."""
    impostor.address = "127.0.0.2"
    host = impostor.answering(DONE)
    by_authority = impostor.access(host, fingerprint="", ca_pem=(tmp_path / "simulator.crt").read_text())
    with pytest.raises(Unreachable):
        connect("proxmox", by_authority).send(GUEST, Command.REBOOT, 60)
    assert impostor.asked == 0
    assert connect("proxmox", impostor.access(host)).send(GUEST, Command.REBOOT, 60) == UPID


def test_transport_asks_no_proxy_of_the_environment(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    assert driver().version() == "9.2.11"


def test_connect_to_a_hypervisor_without_a_driver_is_refused() -> None:
    with pytest.raises(Refused, match="no driver for vmware"):
        connect("vmware", Access((), "", ""))


@pytest.mark.parametrize("secret", ["s3cr3t\nX-Injected: 1", "s3cr3t-секрет"])
def test_token_secret_shows_in_nothing_that_is_printed(impostor: Any, secret: str) -> None:
    access = impostor.access(impostor.answering(DONE), secret=secret)
    with pytest.raises(Refused) as caught:
        connect("proxmox", access).version()
    assert caught.value.reason == Refusal.UNAUTHENTICATED
    assert "s3cr3t" not in caught.value.detail + repr(access)
