"""What is read where more wait for a thread than ever may: JSON by programs, a page by people."""

import asyncio
import json
from typing import Any

import pytest

from ospab_panel.server.wsgi_bridge import WsgiBridge
from tests.seams import Shorten

HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


def ask(path: str, accept: str) -> tuple[int, dict[bytes, bytes], str]:
    """Of a panel in which nobody has room to wait."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"host", b"localhost"), (b"accept", accept.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(WsgiBridge(None, 1)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body.decode()


def test_panel_that_is_too_busy_for_a_page_tells_a_person_in_words(shorten: Shorten) -> None:
    shorten(requests_waiting=0)
    status, headers, page = ask("/vps/1/", HTML)
    assert (status, headers[b"retry-after"]) == (503, b"5")
    assert headers[b"content-type"] == b"text/html; charset=utf-8"
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "Серверы работают" in page
    assert "The servers keep running" in page


@pytest.mark.parametrize(("path", "accept"), [("/api/vps", HTML), ("//API/vps", HTML), ("/vps/1/", "*/*")])
def test_panel_that_is_too_busy_tells_a_program_in_json(shorten: Shorten, path: str, accept: str) -> None:
    shorten(requests_waiting=0)
    status, headers, body = ask(path, accept)
    assert (status, headers[b"retry-after"], headers[b"content-type"]) == (503, b"5", b"application/json")
    assert json.loads(body)["code"] == "service_unavailable"
