"""D2: what is no Proxmox VE is told of without its text, and a name is no way to this machine."""

import socket
from typing import Any

import pytest

from launcher.secrets_file import free_port
from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Command, HypervisorError, Refused

SECRET = "top-secret-of-the-intranet"
GUEST = GuestRef(Kind.VM, "100", "pve1")
JSON = "Content-Type: application/json\r\n"
ANSWERS = {
    "a page": http_answer(f"<html>{SECRET}</html>".encode()),
    "a page of an error": http_answer(f"<html>{SECRET}</html>".encode(), f"404 {SECRET}"),
    "a refusal of its own": http_answer(b"", f"401 {SECRET}"),
    "another refusal": http_answer(b"", f"403 {SECRET}"),
    "a status of Proxmox VE": http_answer(b"", f"595 {SECRET}"),
    "a proxy's": http_answer(b"", f"502 {SECRET}"),
    "another API": http_answer(b'{"data": "%s"}' % SECRET.encode(), headers=JSON),
    "another API's object": http_answer(b'{"data": {"status": "%s"}}' % SECRET.encode(), headers=JSON),
    "another API's version": http_answer(b'{"data": {"version": "%s"}}' % SECRET.encode(), headers=JSON),
    "another API's list": http_answer(b'{"data": ["%s"]}' % SECRET.encode(), headers=JSON),
    "another API's number": http_answer(
        b'{"data": [{"type": "qemu", "vmid": "%s", "node": "pve1"}]}' % SECRET.encode(), headers=JSON
    ),
    "another API's error": http_answer(
        b'{"data": {}, "errors": {"x": "%s"}}' % SECRET.encode(), f"400 {SECRET}", headers=JSON
    ),
    "a date": http_answer(b'{"data": null}', headers=f"Date: {SECRET}\r\n"),
    "a redirect": http_answer(b"", "302 Found", headers=f"Location: https://{SECRET}/\r\n"),
    "no HTTP": f"220 {SECRET} ESMTP\r\n".encode(),
    "a chunk that is none": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n".encode(),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_driver_quotes_nothing_of_what_is_no_proxmox_ve(impostor: Any, what: str) -> None:
    hypervisor = connect("proxmox", impostor.access(impostor.answering(ANSWERS[what])))
    for call in (hypervisor.version, hypervisor.guests, lambda: hypervisor.send(GUEST, Command.START, 60)):
        with pytest.raises(HypervisorError) as caught:
            call()
        assert caught.value.detail
        assert SECRET not in caught.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(b"", "500 VM is locked (backup)", headers="Server: pve-api-daemon/3.0\r\n"),
        http_answer(b'{"data":null}', "500 VM is locked (backup)", headers="Server: nginx\r\n"),
        http_answer(b"", "500 VM is locked (backup)", headers="Server: nginx\r\n"),
    ],
)
def test_driver_keeps_the_text_of_proxmox_ve_for_staff_behind_a_proxy_too(impostor: Any, answer: bytes) -> None:
    with pytest.raises(Refused, match=r"500 VM is locked \(backup\)"):
        connect("proxmox", impostor.access(impostor.answering(answer))).send(GUEST, Command.START, 60)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "panel-name-of-loopback"])
def test_host_by_a_name_is_no_way_to_this_machine(impostor: Any, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Whoever may register a cluster may not reach what listens here, by whatever name."""
    port = impostor.answering(http_answer(b'{"data": {"version": "9.2.11"}}')).rpartition(":")[2]
    resolve = socket.getaddrinfo
    named = {"panel-name-of-loopback": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *rest, **more: resolve(named.get(name, name), *rest, **more)
    )
    with pytest.raises(HypervisorError, match="stands for an address of this machine"):
        connect("proxmox", impostor.access(f"{host}:{port}")).version()
    assert impostor.asked == 0
    assert connect("proxmox", impostor.access(f"127.0.0.1:{port}")).version() == "9.2.11"


@pytest.mark.parametrize("host", ["224.0.0.1", "[::]"])
def test_host_with_an_address_of_a_link_is_refused_however_it_came_to_be_written(impostor: Any, host: str) -> None:
    """D2: nothing is connected to, so nothing there hears of us."""
    port = impostor.answering(http_answer(b'{"data": {"version": "9.2.11"}}')).rpartition(":")[2]
    with pytest.raises(HypervisorError, match="no cluster has such an address"):
        connect("proxmox", impostor.access(f"{host}:{port}")).version()
    assert impostor.asked == 0


def test_driver_quotes_nothing_of_what_has_no_tls(impostor: Any) -> None:
    """As 127.0.0.1:6379, which is Redis, or a mail server that greets."""
    host = impostor.breaking(lambda connection: connection.sendall(f"220 {SECRET}\r\n".encode()))
    for where in (host, f"127.0.0.1:{free_port()}"):
        with pytest.raises(HypervisorError) as caught:
            connect("proxmox", impostor.access(where)).version()
        assert SECRET not in caught.value.detail
