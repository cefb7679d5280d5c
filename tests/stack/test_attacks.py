"""No caller, slow or hostile, keeps the running panel from anybody else: attacks.py, one at a time (C1 to C8)."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.simulated import wait_for
from tests.stack.attacks import ATTACKS, MIB, Target, answered_at_once, dripping, slowest_of

CALM_S = 2
# A machine that is busy with other things is slow without an attack too.
TIMES_CALM = 10


@pytest.fixture
def target(panel: Any) -> Iterator[Target]:
    address = urlsplit(panel.url)
    target = Target(address.hostname or "", address.port or 0, panel.demo["api_key"])
    yield target
    target.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_lets_others_be_answered_and_leaves_all_threads_free(target: Target, name: str) -> None:
    bound = max(CALM_S, TIMES_CALM * slowest_of(target))
    with ATTACKS[name](target):
        assert slowest_of(target) < bound
    assert answered_at_once(target) == 16


def peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024


def begin_peak(pid: int) -> int:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_mib(pid)


def test_upload_is_refused_at_the_limit_and_nothing_is_written(panel: Any, target: Target) -> None:
    """C4: an upload is refused at the limit, and nothing is written."""
    form = "Content-Type: multipart/form-data; boundary=b"
    head = target.head("POST /login/", f"Content-Length: {300 * MIB}", form, f"Cookie: csrf={'a' * 32}")
    before = {pid: begin_peak(pid) for pid in panel.run.web_processes}
    caller = target.connect(head)
    with dripping([caller], b"x" * MIB, every=0.001):
        wait_for(lambda: "HTTP/1.1 413" in peeked(caller), 10, "the refusal")
        assert all(peak_mib(pid) < before[pid] + 16 for pid in before)


def peeked(caller: Any) -> str:
    try:
        return str(caller.recv(4096).decode())
    except BlockingIOError:
        return ""


def test_sync_batch_with_one_long_string_takes_no_more_memory_than_four_times_its_size(panel: Any) -> None:
    """C5: a batch with one long string takes no more memory than four times its size."""
    operations = [{"action": "delete", "vps": {"id": 10**9 + number}} for number in range(10_000)]
    body = json.dumps({"operations": operations, "ignored": "a" * 14 * MIB})
    headers = {"X-API-Key": panel.demo["api_key"], "Content-Type": "application/json"}
    before = {pid: begin_peak(pid) for pid in panel.run.web_processes}
    answer = requests.post(f"{panel.url}/api/vps/sync/batch", data=body, headers=headers, timeout=120)
    assert (answer.status_code, len(answer.json()["results"])) == (200, 10_000)
    assert panel.run.web_processes == list(before), "a web process died"
    assert all(peak_mib(pid) - before[pid] < 4 * len(body) // MIB for pid in before)


def test_request_trailers_without_an_end_are_refused(target: Target) -> None:
    """C7: trailers without an end are refused."""
    caller = target.connect(target.head("POST /api/auth/login", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n")
    with dripping([caller], b"X-Trailer: " + b"a" * 4000 + b"\r\n", every=0.001):
        answer = wait_for(lambda: peeked(caller), 10, "the refusal")
    assert answer.startswith("HTTP/1.1 431")


def test_request_head_that_stalls_is_closed_within_half_a_minute(target: Target) -> None:
    """C8: a head that stalls is closed within half a minute."""
    began = time.monotonic()
    caller = target.connect(b"GET /login/ HTTP/1.1\r\nHost: lo")
    caller.settimeout(60)
    assert b"".join(iter(lambda: caller.recv(4096), b"")).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 30
