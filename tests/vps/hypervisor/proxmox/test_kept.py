"""Connections that are kept: by whom they are met again, for how long, and what goes by them."""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.seams import Shorten
from tests.simulated import Cluster as Simulated
from tests.vps.conftest import at_once
from tests.vps.hypervisor.proxmox.impostor import read_request
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Access, Command, OutcomeUnknown, Refused, TooLate, Unreachable
from vps.hypervisor.proxmox.kept import MOST, Kept
from vps.hypervisor.proxmox.transport import kept

GUEST = GuestRef(Kind.VM, "100", "pve1")


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    kept.close()
    yield
    kept.close()


class Session:
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def access(name: str = "one") -> Access:
    return Access((name,), "panel@pve!portal", "secret")


# By the driver


def test_calls_of_one_cluster_go_by_one_connection_whoever_makes_them(driver: Any, simulated: Simulated) -> None:
    simulated.add("qemu")
    for _ in range(3):
        driver().version()
        driver().look(GUEST)
    assert driver().send(GUEST, Command.START, 60, leave_by=time.monotonic() + 10)
    assert (simulated.load()["calls"], simulated.load()["handshakes"]) == (7, 1)


def test_command_takes_a_connection_that_has_just_answered_or_a_new_one(
    driver: Any, simulated: Simulated, shorten: Shorten
) -> None:
    """On one that the host is just closing it would be lost."""
    simulated.add("qemu")
    shorten(answered_within_s=-1)
    driver().version()
    assert driver().send(GUEST, Command.START, 60)
    assert simulated.load()["handshakes"] == 2


def test_command_by_a_kept_connection_leaves_no_later_than_it_may(driver: Any, simulated: Simulated) -> None:
    simulated.add("qemu")
    driver().version()
    with pytest.raises(TooLate):
        driver().send(GUEST, Command.START, 60, leave_by=time.monotonic() - 0.1)
    assert simulated.commands(100) == []
    assert driver().version(), "a read has no such limit"


@pytest.mark.parametrize("does_it_wait", [False, True])
def test_read_by_a_connection_that_the_host_closes_is_made_by_a_new_one(impostor: Any, does_it_wait: bool) -> None:
    """At once, or only when the next request is there: nobody can see that before."""
    access = impostor.access(impostor.answering(lambda connection: answer_once(connection, does_it_wait)))
    for _ in range(3):
        assert connect("proxmox", access).version() == "9.2.11"
    assert impostor.asked == 3


def test_command_by_a_connection_that_the_host_closes_is_sent_once(impostor: Any) -> None:
    access = impostor.access(impostor.answering(lambda connection: answer_once(connection, True)))
    connect("proxmox", access).version()
    with pytest.raises(OutcomeUnknown):
        connect("proxmox", access).send(GUEST, Command.START, 60)
    assert impostor.asked == 1


def answer_once(connection: Any, does_it_wait: bool) -> None:
    """It promises to go on, and does not."""
    body = b'{"data": {"version": "9.2.11"}}'
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    if does_it_wait:
        read_request(connection)


def test_call_after_a_refusal_goes_by_a_new_connection_and_what_it_takes_to_make_one_is_kept(
    driver: Any, simulated: Simulated
) -> None:
    """With a refusal the host hangs up. To make a context of TLS and all around it anew takes as long as to shake hands."""
    simulated.add("qemu", power="running")
    made = set()
    for _ in range(3):
        with pytest.raises(Refused):
            driver().addresses(GUEST)
        made |= {one.session for one in kept.idle}
    assert driver().send(GUEST, Command.REBOOT, 60)
    assert (simulated.load()["calls"], simulated.load()["handshakes"], len(made)) == (4, 4, 1)


def test_call_by_a_kept_connection_takes_no_more_steps_than_it_needs(driver: Any) -> None:
    """To merge what each call brings with what its session brings takes 130 more, and no call brings anything."""
    driver().version()
    steps = 0

    def counted(frame: Any, event: str, of: Any) -> None:
        nonlocal steps
        steps += event == "call"

    sys.setprofile(counted)
    try:
        driver().version()
    finally:
        sys.setprofile(None)
    assert steps < 830, "of its Python, of which it takes 770"


def test_what_a_host_answers_is_not_written_for_a_log(
    driver: Any, simulated: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    """Of ten thousand guests some megabytes, each time, be the log on or off."""
    caplog.set_level("DEBUG", "proxmoxer.core")
    simulated.add("qemu", name="shop")
    assert [guest.name for guest in driver().guests()] == ["shop"]
    assert "bytes>" in caplog.text
    assert "shop" not in caplog.text


@pytest.mark.parametrize("trust", [{"fingerprint": "AB:" * 31 + "AB"}, {"fingerprint": ""}])
def test_kept_connection_is_not_met_under_another_trust(
    driver: Any, simulated: Simulated, trust: dict[str, str]
) -> None:
    driver().version()
    with pytest.raises(Unreachable):
        driver(**trust).version()


def test_kept_connection_is_not_met_by_another_process(driver: Any) -> None:
    driver().version()
    assert kept.idle
    child = os.fork()
    if not child:
        os._exit(len(kept.idle))
    assert os.waitpid(child, 0)[1] == 0


# By themselves


def test_kept_gives_each_to_one_caller() -> None:
    mine: Kept[Session] = Kept()
    sessions = [Session() for _ in range(8)]
    for session in sessions:
        mine.give(session, access(), "host")
    taken = at_once(*[lambda: mine.claim(access(), "host")] * 10)
    assert sorted(map(id, filter(None, taken))) == sorted(map(id, sessions))
    assert taken.count(None) == 2


def test_kept_gives_the_newest_of_this_host_and_access() -> None:
    mine: Kept[Session] = Kept()
    old, new, other = Session(), Session(), Session()
    mine.give(old, access(), "host")
    mine.give(new, access(), "host")
    mine.give(other, access("two"), "host")
    assert [mine.claim(access(), "other"), mine.claim(access(), "host"), mine.claim(access(), "host")] == [
        None,
        new,
        old,
    ]


def test_kept_closes_the_oldest_of_too_many_and_what_is_idle_for_long(shorten: Shorten) -> None:
    mine: Kept[Session] = Kept()
    sessions = [Session() for _ in range(MOST + 1)]
    for session in sessions:
        mine.give(session, access(), "host")
    assert [session.is_closed for session in sessions] == [True] + [False] * MOST
    shorten(kept_for_s=-1)
    mine.give(Session(), access(), "host")
    assert mine.idle == []
    assert all(session.is_closed for session in sessions)
