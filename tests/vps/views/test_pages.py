"""The customer's pages as a browser without JavaScript meets them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from vps import observations
from vps.models import Operation, Placement


def test_alice_sees_her_servers_and_not_bobs(as_user: Any, alice: Any, bob: Any, make_vps: Any) -> None:
    make_vps(alice, name="mine")
    make_vps(bob, name="his")
    page = as_user(alice).get("/").content.decode()
    assert "mine" in page
    assert "his<" not in page


@pytest.mark.parametrize("path", ["", "status/", "row/", "stop/", "history/hour/"])
def test_bobs_pages_are_not_there_for_alice(as_user: Any, alice: Any, bob: Any, make_vps: Any, path: str) -> None:
    vps = make_vps(bob)
    assert as_user(bob).get(f"/vps/{vps.id}/{path}").status_code == 200
    assert as_user(alice).get(f"/vps/{vps.id}/{path}").status_code == 404


def test_bob_cannot_stop_alices_server(as_user: Any, alice: Any, bob: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    assert as_user(bob).post(f"/vps/{vps.id}/power/stop/").status_code == 404
    assert not Operation.objects.exists()
    assert as_user(alice).post(f"/vps/{vps.id}/power/stop/").status_code == 302
    assert Operation.objects.get().kind == "stop"


@pytest.mark.parametrize("path", ["/", "/vps/1/", "/profile/", "/profile/password/", "/vps/1/history/hour/"])
def test_who_is_not_logged_in_is_sent_to_log_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_a_customer_without_servers_is_told_what_to_do(as_user: Any, alice: Any) -> None:
    assert "Order a server" in as_user(alice).get("/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"), [("q=alpha", "alpha"), ("q=192.0.2.7", "beta"), ("status=stopped", "beta")]
)
def test_servers_are_found_by_name_address_and_status(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, query: str, found: str
) -> None:
    bind(make_vps(alice, name="alpha"))
    bind(make_vps(alice, name="beta", status="stopped", ip_address="192.0.2.7"), 101)
    page = as_user(alice).get(f"/?{query}").content.decode()
    assert [name for name in ("alpha", "beta") if f">{name}</a>" in page] == [found]


def test_a_search_in_russian_knows_capitals(as_user: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice, name="Привет мир")
    assert "Привет мир" in as_user(alice).get("/?q=привет").content.decode()
    assert "No server matches" in as_user(alice).get("/?q=пока").content.decode()


def test_the_list_costs_the_same_queries_for_one_and_for_fifty(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, django_assert_num_queries: Any
) -> None:
    browser = as_user(alice)
    bind(make_vps(alice))
    with django_assert_num_queries(5):
        browser.get("/")
    for number in range(49):
        bind(make_vps(alice), vmid=200 + number)
    with django_assert_num_queries(5):
        assert browser.get("/").content.decode().count("<tr id=") == 50


def test_the_buttons_follow_what_the_server_does(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps)
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert f"/vps/{vps.id}/power/start/" in page
    assert f"/vps/{vps.id}/power/stop/" not in page
    as_user(alice).post(f"/vps/{vps.id}/power/start/")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert "Waiting for its turn" in page
    assert f"/vps/{vps.id}/power/start/" not in page
    assert f"/vps/{vps.id}/power/force-stop/" in page


@pytest.mark.parametrize(
    ("status", "word", "why"),
    [
        ("suspended", "Suspended", "suspended. Please check"),
        ("creating", "Being created", "still being created"),
    ],
)
def test_where_nothing_can_be_pressed_the_page_says_why(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, status: str, word: str, why: str
) -> None:
    vps = make_vps(alice, status=status)
    bind(vps, power="stopped")
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    assert word in page
    assert why in page
    assert "/start/" not in page


def test_an_unbound_server_says_that_it_is_not_connected(as_user: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    assert "not connected to its hypervisor" in as_user(alice).get(f"/vps/{vps.id}/").content.decode()


@pytest.mark.parametrize("cause", ["the cluster was not heard lately", "the node is down", "the guest is gone"])
def test_what_is_not_known_is_said_to_be_unknown_since_when(
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


def test_hard_operations_ask_first_and_get_changes_nothing(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    page = as_user(alice).get(f"/vps/{vps.id}/power/restart/").content.decode()
    assert "What was not written to disk is lost" in page
    assert not Operation.objects.exists()


def test_a_second_click_is_answered_in_words(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    browser.post(f"/vps/{vps.id}/power/reboot/")
    answer = browser.post(f"/vps/{vps.id}/power/reboot/", follow=True)
    assert "Another operation is running" in answer.content.decode()
    assert Operation.objects.count() == 1


def test_htmx_gets_the_fragment_that_its_button_stood_in(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    headers = {"HX-Request": "true", "HX-Target": f"vps-{vps.id}"}
    row = as_user(alice).post(f"/vps/{vps.id}/power/reboot/", headers=headers).content.decode()
    assert row.strip().startswith(f'<tr id="vps-{vps.id}"')
    refusal = as_user(alice).post(f"/vps/{vps.id}/power/reboot/", headers=headers)
    assert refusal.status_code == 409
    assert "<html" not in refusal.content.decode()


def test_the_page_shows_what_was_measured_and_the_last_operations(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    placement = bind(vps)
    rates = {"disk_read": 1024, "disk_written": None, "net_in": 2048, "net_out": 0}
    sizes = {"ram": {"used": 1024**3, "total": 2 * 1024**3}, "disk": {"used": None, "total": 1}}
    usage = {"cpu": 0.25, "uptime_s": 93600} | sizes
    observations.store_usage({placement.pk: usage | {"rates": rates, "at": 0, "counted": {}}})
    Operation.objects.create(
        vps=vps, kind="stop", state="failed", error_code="vps_busy", source="page", requested_by=alice,
        deadline_at="2026-01-01T00:00Z", finished_at="2026-01-01T00:00Z",
    )  # fmt: skip
    page = as_user(alice).get(f"/vps/{vps.id}/").content.decode()
    for words in ("25 %", "1 GB / 2 GB", "1\xa0day, 2\xa0hours", "1 KB/s", "busy with a backup", "alice"):
        assert words in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7|add:7 }}", '"><img src=x>'])
def test_markup_in_a_name_is_plain_text(as_user: Any, alice: Any, make_vps: Any, name: str) -> None:
    vps = make_vps(alice, name=name)
    for path in ("/", f"/vps/{vps.id}/", f"/vps/{vps.id}/power/stop/"):
        page = as_user(alice).get(path).content.decode()
        assert name.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") in page


@pytest.mark.parametrize(("accept", "words"), [("en-GB", "My servers"), ("ru", "Мои серверы"), ("fr", "Мои серверы")])
def test_the_browser_chooses_the_language_and_russian_is_the_default(alice: Any, accept: str, words: str) -> None:
    browser = Client(headers={"accept-language": accept})
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    assert words in browser.get("/").content.decode()


def test_the_profile_changes_the_password_and_ends_the_other_sessions(as_user: Any, alice: Any) -> None:
    here, elsewhere = as_user(alice), as_user(alice)
    form = {
        "old_password": "a long and winding password",
        "new_password1": "quite another 1",
        "new_password2": "quite another 1",
    }
    assert here.post("/profile/password/", form)["Location"] == "/profile/"
    assert "alice@example.com" in here.get("/profile/").content.decode()
    assert elsewhere.get("/profile/").status_code == 302


def test_a_wrong_old_password_is_named_at_its_field(as_user: Any, alice: Any) -> None:
    form = {"old_password": "wrong", "new_password1": "quite another 1", "new_password2": "quite another 1"}
    assert "id_old_password-errors" in as_user(alice).post("/profile/password/", form).content.decode()


def test_logging_in_goes_to_the_page_asked_for_and_to_no_other_host(alice: Any) -> None:
    form = {"username": "ALICE@example.com", "password": "a long and winding password"}
    assert Client().post("/login/", form | {"next": "/profile/"})["Location"] == "/profile/"
    assert Client().post("/login/", form | {"next": "//evil.example"})["Location"] == "/"


def test_logging_out_takes_a_post(as_user: Any, alice: Any) -> None:
    browser = as_user(alice)
    assert browser.get("/logout/").status_code == 405
    browser.post("/logout/")
    assert browser.get("/profile/").status_code == 302


def test_a_page_that_is_not_there_says_so_in_words(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/nothing/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_private_pages_are_kept_by_nobody_and_framed_by_nobody(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/")
    assert answer["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/?q=%00", 200), ("/?q=a%00b&status=%00", 200), ("/login/?next=/login/", 302), ("/login/?next=/login/?x=1", 302)],
)
def test_an_odd_address_breaks_nothing(as_user: Any, alice: Any, path: str, status: int) -> None:
    assert as_user(alice).get(path).status_code == status


def test_a_name_that_is_too_long_to_log_in_with_is_told_so(static_files: None, db: None) -> None:
    answer = Client().post("/login/", {"username": "a" * 300, "password": "x"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/vps/{}/status/", "/vps/{}/row/", "/"])
def test_a_fragment_after_the_sessions_end_sends_the_page_to_log_in(alice: Any, make_vps: Any, path: str) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/vps/1/?x=2"}
    answer = Client(headers=headers).get(path.format(make_vps(alice).pk))
    assert answer["HX-Redirect"] == "/login/?next=%2Fvps%2F1%2F%3Fx%3D2"
    assert answer.content == b""


def test_a_fragment_of_what_is_gone_is_no_page(as_user: Any, alice: Any) -> None:
    answer = as_user(alice).get("/vps/999/row/", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/api", "/API/vps/sync", "/api/"])
def test_whoever_means_the_api_reads_json(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_why_the_buttons_are_off_is_told_truly(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    gone, foreign = make_vps(alice), make_vps(alice, hypervisor="vmware")
    bind(gone, missing_since=timezone.now())
    browser = as_user(alice)
    assert "was not found on its cluster" in browser.get(f"/vps/{gone.id}/").content.decode()
    assert "cannot be controlled here" in browser.get(f"/vps/{foreign.id}/").content.decode()


def test_c4_a_file_that_is_sent_along_is_let_pass_and_written_nowhere(
    static_files: None, db: None, tmp_path: Any
) -> None:
    """No page takes files, and a form that was sent as one with files is read as any other."""
    file = SimpleUploadedFile("big.bin", b"x" * 3_000_000)
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        answer = Client().post("/login/", {"username": "alice", "password": "wrong", "file": file})
    assert answer.status_code == 200
    assert not answer.wsgi_request.FILES
    assert not list(tmp_path.iterdir())
