"""/healthz and /readyz: a load balancer asks each process by its address, and by plain http."""

from typing import Any

import pytest
from django.test import Client

HOSTS = ["10.0.0.7", "10.0.0.7:8000", "[fe80::1]:8000", "panel.internal", "a b", "http://[", "", "x" * 300]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", HOSTS)
def test_healthz_and_readyz_answer_by_any_address_and_without_https(path: str, host: str, settings: Any) -> None:
    """C14: both answer by any address and without https."""
    settings.SECURE_SSL_REDIRECT = True
    answer = Client(HTTP_HOST=host).get(path)
    assert answer.status_code == 200
    assert "10.0.0.7" not in f"{answer.content!r}{answer.headers}"


@pytest.mark.parametrize("path", ["/", "/login/", "/api/vps", "/healthz/", "//healthz", "/healthz/../login/"])
def test_healthz_and_readyz_alone_answer_by_any_address(path: str, static_files: None) -> None:
    """C14: nothing else answers by any address."""
    assert Client(HTTP_HOST="10.0.0.7").get(path).status_code in (400, 404)
