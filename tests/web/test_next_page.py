"""Where a form leads back to: to pages of ours alone, whatever comes with the request."""

from typing import Any

import pytest
from django.test import RequestFactory

from web.next_page import LONGEST, here, is_ours, next_page

OTHERWISE = "/otherwise/"


@pytest.mark.parametrize("path", ["/", "/?q=a b&page=2", "/vps/1/#failure", "/?q=почта", "/a//b"])
def test_next_page_follows_a_path_of_ours(path: str) -> None:
    assert next_page(RequestFactory().post("/", {"next": path}), OTHERWISE) == path
    assert next_page(RequestFactory().get("/", {"next": path}), OTHERWISE) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "vps/1/",
        "//example.com/",
        "///example.com/",
        "/\\example.com/",
        "\\\\example.com/",
        "/a\\b",
        "https://example.com/",
        "http://testserver/",
        "javascript:alert(1)",
        " /",
        "/\t/example.com/",
        "/\nSet-Cookie: a=b",
        "/\0",
        "/" + "a" * LONGEST,
    ],
)
def test_next_page_follows_nothing_else(path: str) -> None:
    assert next_page(RequestFactory().post("/", {"next": path}), OTHERWISE) == OTHERWISE
    assert next_page(RequestFactory().get("/", {"next": path}), OTHERWISE) == OTHERWISE


def test_next_page_of_a_form_goes_before_that_of_its_address() -> None:
    assert next_page(RequestFactory().post("/?next=/b/", {"next": "/a/"}), OTHERWISE) == "/a/"
    assert next_page(RequestFactory().post("/?next=/b/", {"next": ""}), OTHERWISE) == "/b/"


@pytest.mark.parametrize(
    ("open_at", "expected"),
    [
        ("http://testserver/?page=2", "/?page=2"),
        ("https://example.com/?page=2", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
def test_here_of_a_fragment_is_the_page_that_it_is_of(open_at: str | None, expected: str) -> None:
    request: Any = RequestFactory().get("/fragment/?a=1")
    assert here(request) == "/fragment/?a=1", "where there is no JavaScript it is the page itself"
    request.htmx = type("Details", (), {"current_url": open_at})()
    assert here(request) == expected


def test_is_ours_knows_the_panels_own_address_whatever_a_proxy_says(settings: Any) -> None:
    settings.PANEL_URL = "https://panel.example.com:8443"
    request = RequestFactory().get("/")
    assert is_ours(request, "https://panel.example.com:8443/a")
    assert is_ours(request, "http://testserver/a")
    assert not is_ours(request, "https://example.com/a")
