"""An API path passes by what pages need, and is served as strictly; the one page under /api is a page."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

# What Django's silenced checks look for, each with the check.
NEEDED_BY_CHECKS = {
    "django.contrib.auth.middleware.AuthenticationMiddleware": "admin.E408",
    "django.contrib.messages.middleware.MessageMiddleware": "admin.E409",
    "django.contrib.sessions.middleware.SessionMiddleware": "admin.E410",
    "django.middleware.clickjacking.XFrameOptionsMiddleware": "security.W002",
    "django.middleware.csrf.CsrfViewMiddleware": "security.W003",
}


def test_silenced_checks_are_those_of_what_is_in_the_stack_of_pages() -> None:
    assert set(settings.SILENCED_SYSTEM_CHECKS) == set(NEEDED_BY_CHECKS.values())
    assert set(settings.PAGE_MIDDLEWARE) >= NEEDED_BY_CHECKS.keys()


def test_api_asks_nothing_of_a_session_that_comes_along(
    alice: Any, as_user: Any, with_token: Any, django_assert_num_queries: Any
) -> None:
    """One round trip: who it is, and what is theirs."""
    browser: Client = as_user(alice)
    token = with_token(alice).defaults["HTTP_AUTHORIZATION"]
    browser.get("/api/vps", headers={"Authorization": token})
    with django_assert_num_queries(1):
        answer = browser.get("/api/vps", headers={"Authorization": token})
    assert (answer.status_code, answer.cookies) == (200, {})


@pytest.mark.parametrize("path", ["/api/vps", "/api/vps/sync", "/api/nowhere", "/API/vps"])
def test_api_tells_a_browser_to_do_nothing_with_its_answers(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code in (401, 404)
    expected = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Language": "en",
        "Vary": "Accept-Language",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected


@pytest.mark.parametrize("path", ["/api/vps", "/api/docs", "/"])
def test_host_that_is_not_ours_is_refused_on_every_path(db: None, static_files: None, path: str) -> None:
    answer = Client(headers={"Host": "elsewhere.example"}).get(path)
    assert answer.status_code == 400
    assert (answer["Content-Type"] == "application/json") is path.startswith("/api")


def test_docs_under_api_are_a_page(db: None, static_files: None) -> None:
    answer = Client().get("/api/docs", headers={"Accept-Language": "ru"})
    assert answer["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
