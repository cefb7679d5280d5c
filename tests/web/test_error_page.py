"""The pages that tell people of a failure: what happened, what it means for the servers, and one way on that opens."""

import re
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import path

from ospab_panel.urls import urlpatterns as real
from tests.vps.views.test_servers import text
from web import request_id
from web.error_page import again
from web.error_responses import not_found, server_error
from web.errors import PanelBusy


def broken(request: Any) -> None:
    raise RuntimeError("a fault of ours")


def busy(request: Any) -> None:
    raise PanelBusy


urlpatterns = [path("broken/", broken), path("busy/", busy), *real]
handler404, handler500 = not_found, server_error


@pytest.fixture
def alices(as_user: Any, alice: Any, settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    browser: Client = as_user(alice)
    browser.raise_request_exception = False
    return browser


def test_error_page_of_nothing_names_the_login_under_which_one_looks(as_user: Any, alice: Any, client: Any) -> None:
    page = text(as_user(alice).get("/vps/999999/"))
    assert "There is no such page" in page
    assert "check that this is the right login: alice." in page
    assert "which login" not in text(client.get("/none/"))


def test_error_page_of_an_old_form_says_that_nothing_was_done_and_leads_back(alice: Any, static_files: None) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    sent_from = {"referer": "http://testserver/login/?next=/profile/"}
    answer = browser.post("/login/", {"username": "alice", "password": "x"}, headers=sent_from)
    assert answer.status_code == 403
    assert "Nothing was done: refresh the page and press again." in text(answer)
    assert '<a class="btn btn-primary" href="/login/?next=/profile/">' in answer.content.decode()


def test_error_page_of_a_fault_has_the_number_by_which_the_log_has_it(alices: Client) -> None:
    answer = alices.get("/broken/?a=1")
    number = answer[request_id.HEADER]
    assert answer.status_code == 500
    assert f"<code>{number}</code>" in answer.content.decode()
    assert f'data-copy="{number}"' in answer.content.decode()
    assert '<a class="btn btn-primary" href="/broken/?a=1">' in answer.content.decode()


def test_error_page_of_a_busy_panel_opens_by_itself(alices: Client) -> None:
    answer = alices.get("/busy/?a=1")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert '<meta http-equiv="refresh" content="5;url=/busy/?a=1">' in answer.content.decode()


@pytest.mark.parametrize("path", ["/logout/", "/language/setlang/"])
def test_error_page_stands_where_a_method_is_refused(as_user: Any, alice: Any, path: str) -> None:
    """Django answers by nothing at all, which is where a way ends."""
    answer = as_user(alice).put(path)
    assert answer.status_code == 405 or path.startswith("/language")
    if answer.status_code == 405:
        assert "POST" in answer["Allow"]
        assert "This address cannot be opened directly." in text(answer)


def test_error_page_of_the_api_stays_json(client: Any) -> None:
    answer = client.get("/api/none")
    assert answer.json() == {"status": "error", "message": "There is nothing at this address.", "code": "not_found"}


@pytest.mark.parametrize(
    ("form", "referer", "expected"),
    [
        ({}, "http://testserver/vps/1/?tab=2", "/vps/1/?tab=2"),
        ({"next": "/?q=shop"}, "http://testserver/vps/1/", "/?q=shop"),
        ({"next": "//evil.example"}, "https://evil.example/vps/1/", "/vps/1/power/stop/"),
        ({}, "", "/vps/1/power/stop/"),
    ],
)
def test_again_leads_to_pages_of_ours_alone(form: dict[str, str], referer: str, expected: str) -> None:
    request = RequestFactory().post("/vps/1/power/stop/", form, headers={"referer": referer})
    assert again(request) == expected


def test_error_pages_have_one_way_on_in_each_language(alices: Client) -> None:
    for language in ("en", "ru"):
        alices.post("/language/setlang/", {"language": language})
        for address in ("/none/", "/broken/"):
            assert len(re.findall(r'class="btn btn-primary"', alices.get(address).content.decode())) == 1
