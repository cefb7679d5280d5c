"""The main job on the whole running stack: Celery, PostgreSQL, Redis, HTTP, sockets and a simulated cluster."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import subprocess
from typing import Any

import pytest
import requests
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.simulated import PATIENCE, wait_for

ORDER = {"user_id": 5, "status": "running", "cpu": 2, "ram": 2048, "disk": 50, "os": "Ubuntu 22.04 LTS"}


def ended(panel: Any, token: dict[str, str], id: int) -> dict[str, Any] | None:
    operation: dict[str, Any] = requests.get(f"{panel.url}/api/operations/{id}", headers=token).json()["operation"]
    return operation if operation["finished_at"] else None


def ask(panel: Any, token: dict[str, str], vps: int, kind: str) -> int:
    """The operation's number. A server that is just being bound says so for a moment."""

    def accepted() -> requests.Response | None:
        answer = requests.post(f"{panel.url}/api/vps/{vps}/{kind}", headers=token)
        return answer if answer.status_code == 202 else None

    number: int = wait_for(accepted, 20, f"{kind} of {vps}").json()["operation"]["id"]
    return number


def status_of(panel: Any, token: dict[str, str], vps: int) -> str:
    word: str = requests.get(f"{panel.url}/api/vps/{vps}", headers=token).json()["vps"]["status"]
    return word


def test_launcher_prints_a_curl_line_that_works_as_pasted_and_its_vps_can_be_controlled_at_once(panel: Any) -> None:
    line = re.search(r"^curl .*$", panel.run.printed, re.MULTILINE)
    assert line
    made = subprocess.run([*shlex.split(line[0]), "-s"], capture_output=True, text=True, check=True).stdout
    assert '"message":"VPS synced successfully"' in made
    token = panel.token("alice")
    listed = requests.get(f"{panel.url}/api/vps", headers=token).json()["vps"]
    vps = next(vps["id"] for vps in listed if vps["name"] == "test-vps")
    for kind, word in (("start", "running"), ("stop", "stopped")):
        number = ask(panel, token, vps, kind)
        operation = wait_for(lambda number=number: ended(panel, token, number), 20, kind)
        assert (operation["state"], operation["error"]) == ("succeeded", None)
        assert panel.power_at_simulator("qemu", 111) == word
        assert status_of(panel, token, vps) == word


def test_sync_gives_the_documented_answers_to_the_documented_calls(panel: Any) -> None:
    id = panel.sync("create", name="to-be-deleted", **ORDER).json()["vps"]["id"]
    updated = panel.sync("update", id=id, status="running")
    assert (updated.status_code, updated.json()["vps"]["status"]) == (200, "running")
    deleted = panel.sync("delete", id=id)
    assert (deleted.status_code, deleted.json()["vps"]["id"]) == (200, id)


def test_start_loses_but_a_moment_by_a_worker_killed_between_the_click_and_the_end(panel: Any) -> None:
    token = panel.token("alice")
    vps = panel.sync("create", name="test", **ORDER).json()["vps"]["id"]
    wait_for(lambda: status_of(panel, token, vps) == "stopped", 20, "the server's true state")
    number = ask(panel, token, vps, "start")
    for pid in panel.run.pids("celery -A ospab_panel worker"):
        os.kill(pid, signal.SIGKILL)
    operation = wait_for(lambda: ended(panel, token, number), 40, "the operation's end")
    assert operation["state"] == "succeeded"
    assert panel.commands(110) == ["start"]
    assert panel.power_at_simulator("qemu", 110) == "running"


def test_page_socket_sends_the_open_page_what_happens_behind_the_panels_back(panel: Any) -> None:
    """The socket says which server to look at, and the answer is true by then."""
    changed = asyncio.run(first_change_after(panel, panel.session("bob")))
    assert status_of(panel, panel.token("bob"), changed) == "stopped"


async def first_change_after(panel: Any, session: str) -> int:
    headers = {"Cookie": session, "Origin": panel.url}
    address = panel.url.replace("http", "ws", 1) + "/ws/pages"
    async with websockets.connect(address, additional_headers=headers, open_timeout=100) as socket:
        panel.simulator("POST", "/simulator/guests/106/power", {"power": "stopped"})
        word = await asyncio.wait_for(socket.recv(), 15 * PATIENCE)
    return int(re.findall(r"\d+", str(word))[0])


@pytest.mark.parametrize(
    ("headers", "refused"),
    [({"Origin": "https://evil.example"}, "403"), ({}, "4401|403")],
)
def test_page_socket_is_closed_to_strangers(panel: Any, headers: dict[str, str], refused: str) -> None:
    async def knock() -> None:
        address = panel.url.replace("http", "ws", 1) + "/ws/pages"
        async with websockets.connect(
            address, additional_headers={"Origin": panel.url} | headers, open_timeout=100
        ) as socket:
            await socket.recv()

    with pytest.raises((InvalidStatus, ConnectionClosed), match=refused):
        asyncio.run(knock())


def test_request_body_in_chunks_is_refused_rather_than_misread(panel: Any) -> None:
    answer = requests.post(
        f"{panel.url}/api/vps/sync", data=iter([b"{}"]), headers={"X-API-Key": panel.demo["api_key"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_api_key_in_a_header_that_only_looks_like_its_own_is_none(panel: Any) -> None:
    body = b'{"action":"delete","vps":{"id":99999}}'
    head = f"POST /api/vps/sync HTTP/1.1\r\nHost: localhost\r\nX_API_Key: {panel.demo['api_key']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    assert raw(panel, head.encode() + body).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "request_line", ["FOO /api/vps HTTP/1.1", "post /api/vps/sync HTTP/1.1", "GET /api/vps HTTP/9.9", "\x00\x01"]
)
def test_request_that_is_no_http_is_refused_in_json(panel: Any, request_line: str) -> None:
    head, _, body = raw(panel, f"{request_line}\r\nHost: localhost\r\n\r\n".encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["code"] == "bad_request"


def raw(panel: Any, sent: bytes) -> bytes:
    """What comes back to these very bytes."""
    with socket.create_connection(("127.0.0.1", panel.run.port), timeout=100) as client:
        client.sendall(sent)
        return client.makefile("rb").read()
