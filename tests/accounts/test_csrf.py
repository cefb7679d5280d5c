"""From which page a form may come: ours, whatever host a proxy in front writes into the request."""

from typing import Any

import pytest
from django.test import Client

from tests.conftest import PASSWORD


def log_in(origin: dict[str, str], host: str) -> Any:
    browser = Client(enforce_csrf_checks=True, SERVER_NAME=host, headers={"accept-language": "en"})
    browser.get("/login/")
    form = {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrf"].value}
    return browser.post("/login/", form, headers=origin)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_csrf_takes_a_form_of_our_page_though_the_host_lacks_the_port(
    static_files: None, alice: Any, settings: Any, host: str
) -> None:
    """D7: a proxy that passes `Host: panel.example.com` on for a panel on another port made "the form has expired" of it."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert log_in({"origin": settings.PANEL_URL}, host).status_code == 302


@pytest.mark.parametrize("origin", ["http://localhost:5051", "https://evil.example", "null", "http://[", "http://a:b"])
def test_csrf_refuses_a_form_of_another_page(static_files: None, alice: Any, settings: Any, origin: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    assert log_in({"origin": origin}, "localhost").status_code == 403
