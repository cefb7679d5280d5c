"""The customer's pages as a browser without JavaScript meets them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from tests.vps.use import keep_use
from vps.models import Operation, Placement


def test_server_list_shows_alice_her_servers_and_not_bobs(as_user: Any, alice: Any, bob: Any, make_vps: Any) -> None:
    make_vps(alice, name="mine")
    make_vps(bob, name="his")
    page = as_user(alice).get("/").content.decode()
    assert "mine" in page
    assert "his<" not in page


@pytest.mark.parametrize("path", ["", "graphs/", "activity/", "settings/", "status/", "row/", "stop/", "history/hour/"])
def test_server_pages_of_bob_are_404_for_alice(as_user: Any, alice: Any, bob: Any, make_vps: Any, path: str) -> None:
    vps = make_vps(bob)
    assert as_user(bob).get(f"/vps/{vps.id}/{path}").status_code == 200
    assert as_user(alice).get(f"/vps/{vps.id}/{path}").status_code == 404


def test_stop_of_alices_server_is_404_for_bob(as_user: Any, alice: Any, bob: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    assert as_user(bob).post(f"/vps/{vps.id}/power/stop/").status_code == 404
    assert not Operation.objects.exists()
    assert as_user(alice).post(f"/vps/{vps.id}/power/stop/").status_code == 302
    assert Operation.objects.get().kind == "stop"


@pytest.mark.parametrize("path", ["/", "/vps/1/", "/profile/", "/profile/password/", "/vps/1/history/hour/"])
def test_pages_send_whoever_is_not_logged_in_to_log_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_server_list_of_a_customer_without_servers_offers_to_order_one(as_user: Any, alice: Any) -> None:
    assert "Order a server" in as_user(alice).get("/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"), [("q=alpha", "alpha"), ("q=192.0.2.7", "beta"), ("status=stopped", "beta")]
)
def test_server_list_finds_servers_by_name_address_and_status(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, query: str, found: str
) -> None:
    bind(make_vps(alice, name="alpha"))
    bind(make_vps(alice, name="beta", status="stopped", ip_address="192.0.2.7"), 101)
    page = as_user(alice).get(f"/?{query}").content.decode()
    assert [name for name in ("alpha", "beta") if f">{name}</a>" in page] == [found]


def test_server_list_search_in_russian_ignores_capitals(as_user: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice, name="Привет мир")
    assert "Привет мир" in as_user(alice).get("/?q=привет").content.decode()
    assert "Nothing found" in as_user(alice).get("/?q=пока").content.decode()


def test_server_list_costs_the_same_queries_for_one_and_for_fifty(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, django_assert_num_queries: Any
) -> None:
    browser = as_user(alice)
    bind(make_vps(alice))
    with django_assert_num_queries(7):
        browser.get("/")
    for number in range(49):
        bind(make_vps(alice), vmid=200 + number)
    with django_assert_num_queries(7):
        assert browser.get("/").content.decode().count("<tr id=") == 50


def test_power_buttons_follow_what_the_server_does(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps)
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert f"/vps/{vps.id}/power/start/" in page
    assert f"/vps/{vps.id}/power/stop/" not in page
    as_user(alice).post(f"/vps/{vps.id}/power/start/")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert "Starting" in page
    assert "Accepted" in page
    assert f"/vps/{vps.id}/power/start/" not in page
    assert f"/vps/{vps.id}/power/force-stop/" in page


@pytest.mark.parametrize(
    ("status", "word", "why"),
    [
        ("suspended", "Suspended", "suspended. Check"),
        ("creating", "Being created", "appears here by itself"),
    ],
)
def test_server_page_shows_why_nothing_can_be_pressed(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, status: str, word: str, why: str
) -> None:
    vps = make_vps(alice, status=status)
    bind(vps, power="stopped")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert word in page
    assert why in page
    assert "/start/" not in page


def test_server_page_of_an_unbound_server_shows_that_it_is_not_connected(
    as_user: Any, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    assert "not connected to its hypervisor" in as_user(alice).get(f"/vps/{vps.id}/").content.decode()


@pytest.mark.parametrize("cause", ["the cluster was not heard lately", "the node is down", "the guest is gone"])
def test_server_page_shows_what_is_unknown_as_unknown_since_when(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any, cause: str
) -> None:
    vps = make_vps(alice)
    bind(vps)
    changes = {"the node is down": {"power": "unknown"}, "the guest is gone": {"missing_since": "2026-01-02T03:04Z"}}
    if cause in changes:
        Placement.objects.update(**changes[cause])
    else:
        type(cluster).objects.update(seen_at="2026-01-02T03:04Z")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert "Unknown</span>" in page
    assert "since <time" in page
    assert "Running</span>" not in page
    assert f"/vps/{vps.id}/power/stop/" not in page


def test_power_question_before_a_hard_verb_changes_nothing(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    page = as_user(alice).get(f"/vps/{vps.id}/power/restart/").content.decode()
    assert "What is not saved is lost" in page
    assert not Operation.objects.exists()


def test_power_press_during_an_operation_shows_the_reason(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    browser.post(f"/vps/{vps.id}/power/reboot/")
    answer = browser.post(f"/vps/{vps.id}/power/reboot/", follow=True)
    assert "Another operation is running" in answer.content.decode()
    assert Operation.objects.count() == 1


def test_fragment_for_htmx_is_the_one_that_its_button_stood_in(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    headers = {"HX-Request": "true", "HX-Target": f"vps-{vps.id}"}
    row = as_user(alice).post(f"/vps/{vps.id}/power/reboot/", headers=headers).content.decode()
    assert row.strip().startswith(f'<tr id="vps-{vps.id}"')
    refusal = as_user(alice).post(f"/vps/{vps.id}/power/reboot/", headers=headers)
    assert refusal.status_code == 409
    assert "<html" not in refusal.content.decode()


def test_server_page_shows_usage_and_the_last_operations(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, asked: Any
) -> None:
    vps = make_vps(alice)
    placement = bind(vps)
    rates = {"disk_read": 1024, "disk_written": None, "net_in": 2048, "net_out": 0}
    sizes = {"ram_used": 1024**3, "ram_total": 2 * 1024**3, "disk_total": 1}
    keep_use(placement, cpu=0.25, uptime_s=93600, rates=rates, **sizes)
    asked(vps, "stop", alice, state="failed", error_code="vps_busy")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    for words in ("25%", "of 2 GB", "1 d 2 h", "1 KB/s", "busy with a backup", "you, from the panel"):
        assert words in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7|add:7 }}", '"><img src=x>'])
def test_server_name_with_markup_is_plain_text(as_user: Any, alice: Any, make_vps: Any, name: str) -> None:
    vps = make_vps(alice, name=name)
    for path in ("/", f"/vps/{vps.id}/", f"/vps/{vps.id}/power/stop/"):
        page = as_user(alice).get(path).content.decode()
        assert name.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") in page


@pytest.mark.parametrize(("accept", "words"), [("en-GB", "My servers"), ("ru", "Мои серверы"), ("fr", "Мои серверы")])
def test_language_is_the_browsers_and_russian_by_default(alice: Any, accept: str, words: str) -> None:
    browser = Client(headers={"accept-language": accept})
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    assert words in browser.get("/").content.decode()


def test_password_change_ends_the_other_sessions(as_user: Any, alice: Any) -> None:
    here, elsewhere = as_user(alice), as_user(alice)
    form = {
        "old_password": "a long and winding password",
        "new_password1": "quite another 1",
        "new_password2": "quite another 1",
    }
    assert here.post("/profile/password/", form)["Location"] == "/profile/"
    assert "alice@example.com" in here.get("/profile/").content.decode()
    assert elsewhere.get("/profile/").status_code == 302


def test_password_change_names_a_wrong_old_password_at_its_field(as_user: Any, alice: Any) -> None:
    form = {"old_password": "wrong", "new_password1": "quite another 1", "new_password2": "quite another 1"}
    assert "id_old_password-errors" in as_user(alice).post("/profile/password/", form).content.decode()


def test_login_goes_to_the_page_asked_for_and_to_no_other_host(alice: Any) -> None:
    form = {"username": "ALICE@example.com", "password": "a long and winding password"}
    assert Client().post("/login/", form | {"next": "/profile/"})["Location"] == "/profile/"
    assert Client().post("/login/", form | {"next": "//evil.example"})["Location"] == "/"


def test_logout_takes_a_post(as_user: Any, alice: Any) -> None:
    browser = as_user(alice)
    assert browser.get("/logout/").status_code == 405
    browser.post("/logout/")
    assert browser.get("/profile/").status_code == 302


def test_error_page_of_an_unknown_address_is_404_with_the_reason(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/nothing/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_pages_that_are_private_are_kept_by_nobody_and_framed_by_nobody(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/")
    assert answer["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/?q=%00", 200), ("/?q=a%00b&status=%00", 200), ("/login/?next=/login/", 302), ("/login/?next=/login/?x=1", 302)],
)
def test_pages_are_not_broken_by_an_odd_query(as_user: Any, alice: Any, path: str, status: int) -> None:
    assert as_user(alice).get(path).status_code == status


def test_login_with_a_name_that_is_too_long_shows_the_form_again(static_files: None, db: None) -> None:
    answer = Client().post("/login/", {"username": "a" * 300, "password": "x"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/vps/{}/status/", "/vps/{}/row/", "/"])
def test_fragment_after_the_sessions_end_says_so_and_leads_back_to_its_page(
    alice: Any, make_vps: Any, path: str
) -> None:
    """F16."""
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/vps/1/?x=2"}
    answer = Client(headers=headers).get(path.format(make_vps(alice).pk))
    assert answer.status_code == 401
    assert 'href="/login/?next=%2Fvps%2F1%2F%3Fx%3D2"' in answer.content.decode()


def test_fragment_of_a_server_that_is_gone_is_no_page(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/vps/999/row/", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/api", "/API/vps/sync", "/api/"])
def test_api_address_that_is_unknown_is_404_in_json(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_power_buttons_that_are_off_show_the_true_reason(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    gone, foreign = make_vps(alice), make_vps(alice, hypervisor="vmware")
    bind(gone, missing_since=timezone.now())
    browser = as_user(alice)
    assert "was not found on its cluster" in browser.get(f"/vps/{gone.id}/").content.decode()
    assert "cannot be controlled here" in browser.get(f"/vps/{foreign.id}/").content.decode()


def test_upload_of_a_file_is_let_pass_and_written_nowhere(static_files: None, db: None, tmp_path: Any) -> None:
    """C4: no page takes files, and a form that was sent as one with files is read as any other."""
    file = SimpleUploadedFile("big.bin", b"x" * 3_000_000)
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        answer = Client().post("/login/", {"username": "alice", "password": "wrong", "file": file})
    assert answer.status_code == 200
    assert not answer.wsgi_request.FILES
    assert not list(tmp_path.iterdir())
