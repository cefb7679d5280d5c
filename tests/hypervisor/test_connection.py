"""Hosts that are down, that are not whom we trust, and that answer rubbish: against real sockets."""

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.certificate import certificate
from launcher.secrets_file import free_port
from vps.hypervisor import connect, pve_transport
from vps.hypervisor.base import Access, Command, GuestRef, HypervisorError, Kind, OutcomeUnknown, Refused, Unreachable

GUEST = GuestRef(Kind.QEMU, 100, "pve1")


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Callable[[bytes], Access]]:
    """A TLS server that answers every request with these raw bytes, then hangs up. Its requests are counted."""
    pem, key, fingerprint = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    stopping = []

    def serve(answer: bytes) -> Access:
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self) -> None:
                self.rfile.readline()
                self.wfile.write(answer)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stopping.append(server)
        host = f"127.0.0.1:{server.server_address[1]}"
        return Access((host,), "panel@pve!portal", "secret", fingerprint=fingerprint)

    yield serve
    for server in stopping:
        server.shutdown()
        server.server_close()


def http_answer(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length or len(body)}\r\n\r\n".encode() + body


RUBBISH = {
    "HTML": http_answer(b"<html>not a hypervisor</html>"),
    "half a JSON": http_answer(b'{"data": ['),
    "half an answer": http_answer(b'{"data": []}', length=5000),
    "no data": http_answer(b'{"error": 1}'),
    "another shape": http_answer(b'{"data": "OK"}'),
    "nothing": b"",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "596": http_answer(b"", "596 Connection timed out"),
}


@pytest.mark.parametrize("what", RUBBISH)
def test_rubbish_is_never_taken_for_an_answer(stranger: Any, what: str) -> None:
    hypervisor = connect("proxmox", stranger(RUBBISH[what]))
    with pytest.raises(HypervisorError):
        hypervisor.guests()
    with pytest.raises(OutcomeUnknown):
        hypervisor.send(GUEST, Command.REBOOT, 60)


def test_an_endless_answer_is_cut_off(stranger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pve_transport, "LARGEST", 100_000)
    with pytest.raises(OutcomeUnknown, match="did not end"):
        connect("proxmox", stranger(http_answer(b" " * 300_000))).guests()


def test_a_silent_host_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pve_transport, "READ_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        access = Access(
            (f"127.0.0.1:{server.getsockname()[1]}",), "panel@pve!portal", "secret", fingerprint="00:" * 31 + "00"
        )
        with pytest.raises(HypervisorError):
            connect("proxmox", access).version()


def test_where_nobody_listens_nothing_was_executed() -> None:
    access = Access((f"127.0.0.1:{free_port()}",), "panel@pve!portal", "secret")
    with pytest.raises(Unreachable):
        connect("proxmox", access).send(GUEST, Command.REBOOT, 60)


def test_another_host_is_asked_where_one_is_down(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    hosts = (f"127.0.0.1:{free_port()}", simulated.simulator.tls)
    assert driver(hosts=hosts).send(GUEST, Command.START, 60)
    assert simulated.commands(100) == ["start"]


def test_a_read_is_tried_elsewhere_after_any_failure_and_a_command_is_not(
    driver: Any, simulated: Any, stranger: Any
) -> None:
    simulated.add("qemu")
    broken = stranger(b"")
    hosts = (*broken.hosts, simulated.simulator.tls)
    both = {"hosts": hosts, "fingerprint": "", "ca_pem": ""}
    pem = simulated.pem.read_text()
    with pytest.raises(OutcomeUnknown):
        driver(**both | {"ca_pem": pem}).send(GUEST, Command.START, 60)
    assert simulated.commands(100) == []
    assert driver(**both | {"ca_pem": pem}).guests()


def test_the_clusters_own_authority_is_trusted(driver: Any, simulated: Any) -> None:
    assert driver(fingerprint="", ca_pem=simulated.pem.read_text()).version() == "9.2.11"


@pytest.mark.parametrize("trust", [{"fingerprint": ""}, {"fingerprint": "AB:" * 31 + "AB"}])
def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(
    driver: Any, simulated: Any, tmp_path: Path, trust: dict[str, str]
) -> None:
    with pytest.raises(Unreachable):
        driver(**trust).version()
    calls = tmp_path / "calls.jsonl"
    assert not calls.exists() or calls.read_text() == ""


def test_another_authoritys_certificate_is_refused(driver: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _, _ = certificate(tmp_path / "other")
    with pytest.raises(Unreachable):
        driver(fingerprint="", ca_pem=other.read_text()).version()


def test_proxies_of_the_environment_are_not_asked(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    assert driver().version() == "9.2.11"


def test_a_hypervisor_without_a_driver_says_so() -> None:
    with pytest.raises(Refused, match="no driver for vmware"):
        connect("vmware", Access((), "", ""))


def test_a_secret_does_not_show_in_what_is_printed() -> None:
    assert "s3cr3t" not in repr(Access(("host",), "panel@pve!portal", "s3cr3t"))
