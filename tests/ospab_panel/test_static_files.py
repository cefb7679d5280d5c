"""Static files, as a browser and a cache meet them: the event loop answers, and no thread hears of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.templatetags.static import static

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


@pytest.fixture
def compressed(files: StaticFiles, tmp_path: Path) -> StaticFiles:
    (tmp_path / "panel.css.gz").write_bytes(b"smaller")
    (tmp_path / "panel.css.br").write_bytes(b"small")
    return StaticFiles(elsewhere)


SENT = {
    "gzip, deflate, br": ("br", b"small"),
    "gzip": ("gzip", b"smaller"),
    "br;q=0.1, gzip": ("gzip", b"smaller"),
    "gzip;q=0, br;q=0": (None, BODY),
    "identity": (None, BODY),
}


@pytest.mark.parametrize("accepted", SENT)
def test_static_file_is_sent_as_its_caller_takes_it(compressed: StaticFiles, accepted: str) -> None:
    _, headers, body = ask(compressed, "/static/panel.css", accept_encoding=accepted)
    assert (headers.get("content-encoding"), body) == SENT[accepted]
    assert (headers["content-length"], headers["vary"]) == (str(len(body)), "Accept-Encoding")
    assert headers["content-type"] == 'text/css; charset="utf-8"'


def test_static_file_is_sent_as_it_is_to_who_does_not_say(compressed: StaticFiles) -> None:
    assert ask(compressed, "/static/panel.css")[2] == BODY


def test_static_file_by_head_has_the_length_that_is_sent_compressed(compressed: StaticFiles) -> None:
    headers = ask(compressed, "/static/panel.css", "HEAD", accept_encoding="br")[1]
    assert (headers["content-length"], headers["content-encoding"]) == ("5", "br")


def test_static_file_has_a_tag_for_each_compression_and_each_is_known_again(compressed: StaticFiles) -> None:
    tags = {}
    for accepted in ("", "gzip", "br"):
        tags[accepted] = ask(compressed, "/static/panel.css", accept_encoding=accepted)[1]["etag"]
        known = f'"another", W/{tags[accepted]}'
        status, headers, body = ask(compressed, "/static/panel.css", accept_encoding=accepted, if_none_match=known)
        assert (status, body, headers["etag"], headers["vary"]) == (304, b"", tags[accepted], "Accept-Encoding")
    assert len(set(tags.values())) == 3
    assert ask(compressed, "/static/panel.css", accept_encoding="br", if_none_match=tags["gzip"])[0] == 200


def test_static_file_asked_for_in_part_is_no_part_of_the_compressed(compressed: StaticFiles) -> None:
    status, headers, body = ask(compressed, "/static/panel.css", range="bytes=5-9", accept_encoding="br")
    assert (status, body, headers.get("content-encoding")) == (206, BODY[5:10], None)
    assert headers["etag"] == ask(compressed, "/static/panel.css")[1]["etag"]


def test_static_file_named_by_its_contents_is_kept_for_ever(static_files: None) -> None:
    name = static("panel.css")
    _, headers, body = ask(StaticFiles(elsewhere), name, accept_encoding="br")
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "br"
    assert len(body) < 10_000
