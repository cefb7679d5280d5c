"""Static files, as a browser and a cache meet them: the event loop answers, and no thread hears of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ospab_panel.server.static_files import StaticFiles

BODY = b"body { color: red }" * 10_000


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> StaticFiles:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "panel.css").write_bytes(BODY)
    (tmp_path / "sun.svg").write_bytes(b"<svg/>")
    return StaticFiles(elsewhere)


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})


def ask(files: Any, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    async def receive() -> Any:
        pytest.fail("a static file needs no body")

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(files({"type": "http", "path": path, "method": method, "headers": sent}, receive, send))
    answered = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], answered, b"".join(message["body"] for message in messages[1:])


def test_static_file_is_answered_whole_with_what_a_cache_needs(files: StaticFiles) -> None:
    status, headers, body = ask(files, "/static/panel.css")
    assert (status, body, headers["content-length"]) == (200, BODY, str(len(BODY)))
    assert headers["content-type"] == 'text/css; charset="utf-8"'
    assert {"etag", "last-modified", "cache-control", "x-request-id"} <= headers.keys()
    assert ask(files, "/static/sun.svg")[1]["content-type"] == "image/svg+xml"


def test_static_file_bears_the_headers_of_security_that_all_else_bears(files: StaticFiles) -> None:
    headers = ask(files, "/static/panel.css")[1]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")


def test_static_file_over_https_keeps_browsers_there(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT, settings.SECURE_HSTS_SECONDS = tmp_path, 3600
    (tmp_path / "panel.css").write_bytes(BODY)
    assert "max-age=3600" in ask(StaticFiles(elsewhere), "/static/panel.css")[1]["strict-transport-security"]


def test_static_file_that_the_browser_has_is_not_sent_again(files: StaticFiles) -> None:
    known = ask(files, "/static/panel.css")[1]
    for name, value in (("if_none_match", known["etag"]), ("if_modified_since", known["last-modified"])):
        status, headers, body = ask(files, "/static/panel.css", **{name: value})
        assert (status, body, headers["etag"]) == (304, b"", known["etag"])


def test_static_file_by_head_has_its_length(files: StaticFiles) -> None:
    assert ask(files, "/static/panel.css", "HEAD")[1]["content-length"] == str(len(BODY))


def test_static_file_may_be_asked_for_in_part(files: StaticFiles) -> None:
    status, headers, body = ask(files, "/static/panel.css", range="bytes=5-9")
    assert (status, body, headers["content-range"]) == (206, BODY[5:10], f"bytes 5-9/{len(BODY)}")


def test_static_file_takes_no_write_and_a_body_ends_the_connection(files: StaticFiles) -> None:
    status, headers, _ = ask(files, "/static/panel.css", "POST", content_length="5")
    assert (status, headers["allow"], headers["connection"]) == (405, "GET, HEAD", "close")


@pytest.mark.parametrize("path", ["/", "/static/", "/static/no.css", "/static/../panel.css", "/panel.css"])
def test_static_files_pass_all_else_on_to_django(files: StaticFiles, path: str) -> None:
    assert ask(files, path)[0] == 404


def test_static_file_is_sent_compressed_to_who_takes_it(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "panel.css").write_bytes(BODY)
    (tmp_path / "panel.css.gz").write_bytes(b"small")
    files = StaticFiles(elsewhere)
    _, headers, body = ask(files, "/static/panel.css", accept_encoding="gzip")
    assert (body, headers["content-encoding"], headers["vary"]) == (b"small", "gzip", "Accept-Encoding")
    assert ask(files, "/static/panel.css")[2] == BODY
