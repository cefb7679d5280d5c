"""The power buttons, as Alice's browser gets and presses them. No hypervisor answers here: none is waited for."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from vps.models import Operation
from vps.operations.verbs import VERBS

BUTTON = re.compile(r'<button [^>]*formaction="/vps/\d+/power/([a-z-]+)/"')


def pressable(answer: Any) -> list[str]:
    return BUTTON.findall(answer.content.decode())


def operation_of(vps: Any, **columns: Any) -> Operation:
    defaults = {"kind": "stop", "source": "page", "deadline_at": timezone.now() + timedelta(minutes=5)}
    made: Operation = Operation.objects.create(vps=vps, **defaults | columns)
    return made


# In which states a verb has its button.
OFFERED = {
    "start": {"stopped", "error"},
    "reboot": {"running", "error"},
    "stop": {"running", "error"},
    "restart": {"running", "error"},
    "force-stop": {"running", "paused", "error"},
}
WARNINGS = {
    "start": "The system boots as after being switched on",
    "reboot": "Sites and programs on it stop for about a minute",
    "stop": "told to shut down",
    "restart": "What is not saved is lost",
    "force-stop": "Like pulling the plug",
}


@pytest.mark.parametrize("state", ["running", "stopped", "paused", "error"])
@pytest.mark.parametrize("path", ["row/", "status/"])
def test_power_buttons_are_those_that_the_state_allows(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, state: str, path: str
) -> None:
    vps = make_vps(alice, status="running" if state == "paused" else state)
    bind(vps, power="running" if state == "error" else state)
    offered = [verb for verb in VERBS if state in OFFERED[verb]]
    assert pressable(as_user(alice).get(f"/vps/{vps.id}/{path}")) == offered


UNBOUND = "This server is not connected to its hypervisor yet."
IN_ROW, CREATING = "Will appear here by itself.", "This server is still being created."


def is_off(answer: Any, vps: Any, verb: str) -> bool:
    """Whether the button stands there and cannot be pressed, with words on the page that say why."""
    page = answer.content.decode()
    why = f"why-off-{vps.pk}"
    return f'id="{verb}-{vps.pk}" type="button" disabled aria-describedby="{why}"' in page and f'id="{why}"' in page


@pytest.mark.parametrize(
    ("status", "is_bound", "in_row", "reason", "on_its_page"),
    [
        ("creating", True, IN_ROW, CREATING, "It appears here by itself as soon as it is ready."),
        ("creating", False, IN_ROW, CREATING, "It appears here by itself as soon as it is ready."),
        ("running", False, "The panel does not see this server.", UNBOUND, UNBOUND),
        ("error", False, UNBOUND, UNBOUND, UNBOUND),
    ],
)
def test_power_buttons_are_none_where_there_is_nothing_to_switch_and_it_is_said_why(
    as_user: Any,
    alice: Any,
    make_vps: Any,
    bind: Any,
    status: str,
    is_bound: bool,
    in_row: str,
    reason: str,
    on_its_page: str,
) -> None:
    vps = make_vps(alice, status=status)
    if is_bound:
        bind(vps, power="running")
    for path, why in (("row/", in_row), ("status/?tab=activity", reason), ("status/", on_its_page)):
        page = as_user(alice).get(f"/vps/{vps.id}/{path}").content.decode()
        assert "/power/" not in page
        assert "disabled" not in page
        assert why in page


def test_power_buttons_cannot_be_pressed_while_the_state_is_unknown(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    cluster.seen_at = timezone.now() - timedelta(hours=1)
    cluster.save()
    for path in ("row/", "status/"):
        answer = as_user(alice).get(f"/vps/{vps.id}/{path}")
        assert pressable(answer) == []
        assert [verb for verb in VERBS if is_off(answer, vps, verb)] == ["reboot", "stop"]


def test_force_stop_alone_is_offered_behind_an_open_operation_and_nothing_behind_itself(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    operation_of(vps)
    assert pressable(browser.get(f"/vps/{vps.id}/status/")) == ["force-stop"]
    browser.post(f"/vps/{vps.id}/power/force-stop/")
    assert pressable(browser.get(f"/vps/{vps.id}/status/")) == []
    forced, first = Operation.objects.filter(vps=vps)
    assert (first.state, first.error_code) == ("failed", "superseded")
    assert (forced.state, forced.is_forced) == ("queued", True)


@pytest.mark.parametrize("kind", VERBS)
def test_power_question_before_a_verb_is_a_page_or_a_dialog(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, kind: str
) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    page = browser.get(f"/vps/{vps.id}/power/{kind}/").content.decode()
    dialog = browser.get(f"/vps/{vps.id}/power/{kind}/", headers={"hx-request": "true"}).content.decode()
    assert "<html" in page
    assert "<html" not in dialog
    for question in (page, dialog):
        assert WARNINGS[kind] in question
        assert f'action="/vps/{vps.id}/power/{kind}/" method="post"' in question
    # The page has nothing that the answer could be put in place of: it leads on by itself, with JavaScript too.
    assert ("hx-post" in dialog, "hx-post" in page) == (True, False)
    assert not Operation.objects.exists()


def test_power_press_queues_one_operation_and_leads_to_the_page(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice, status="stopped")
    bind(vps)
    answer = as_user(alice).post(f"/vps/{vps.id}/power/start/")
    assert (answer.status_code, answer["Location"]) == (302, f"/vps/{vps.id}/")
    operation = Operation.objects.get(vps=vps)
    assert (operation.kind, operation.state, operation.source) == ("start", "queued", "page")
    assert operation.requested_by == alice


HERE = "/?q=shop&sort=-name"


@pytest.mark.parametrize("is_live", [False, True])
def test_power_press_comes_back_to_the_page_that_its_button_stood_on(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, is_live: bool
) -> None:
    """From the list by way of the question, with its filter and page: F8."""
    vps = make_vps(alice)
    bind(vps)
    browser, back = as_user(alice), 'name="next" value="/?q=shop&amp;sort=-name"'
    page = browser.get(HERE).content.decode()
    assert f'<form id="ask" method="get"><input type="hidden" {back}>' in page
    assert f'form="ask" formaction="/vps/{vps.pk}/power/stop/"' in page
    headers = {"hx-request": "true", "hx-current-url": f"http://testserver{HERE}", "hx-target": f"vps-{vps.pk}"}
    sent = {} if is_live else {"next": HERE}
    headers = headers if is_live else {}
    question = browser.get(f"/vps/{vps.pk}/power/stop/", sent, headers=headers).content.decode()
    assert back in question
    assert ("data-close" if is_live else 'href="/?q=shop&amp;sort=-name"') in question
    answer = browser.post(f"/vps/{vps.pk}/power/stop/", {"next": HERE}, headers=headers)
    if is_live:
        assert f'id="vps-{vps.pk}"' in answer.content.decode()
    else:
        assert (answer.status_code, answer["Location"]) == (302, HERE)
    refused = browser.post(f"/vps/{vps.pk}/power/stop/", {"next": HERE})
    assert (refused.status_code, refused["Location"]) == (302, HERE)


@pytest.mark.parametrize(
    "path", ["//example.com/", "https://example.com/", "/\\example.com", "javascript:alert(1)", ""]
)
def test_power_press_leads_to_no_page_of_others(as_user: Any, alice: Any, make_vps: Any, bind: Any, path: str) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser, own_page = as_user(alice), f"/vps/{vps.pk}/"
    question = browser.get(f"/vps/{vps.pk}/power/stop/", {"next": path}).content.decode()
    assert f'name="next" value="{own_page}"' in question
    assert browser.post(f"/vps/{vps.pk}/power/stop/", {"next": path})["Location"] == own_page


def test_power_press_during_an_operation_is_refused_with_the_reason_and_queues_nothing(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = as_user(alice)
    browser.post(f"/vps/{vps.id}/power/reboot/")
    again = browser.post(
        f"/vps/{vps.id}/power/reboot/", headers={"referer": f"http://testserver/vps/{vps.id}/"}, follow=True
    )
    assert again.redirect_chain == [(f"http://testserver/vps/{vps.id}/", 302)]
    assert "Another operation is running on this server." in again.content.decode()
    fragment = browser.post(f"/vps/{vps.id}/power/reboot/", headers={"hx-request": "true"})
    assert fragment.status_code == 409
    assert 'role="alert"' in fragment.content.decode()
    assert Operation.objects.count() == 1


def test_power_press_without_the_forms_token_does_nothing(alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    answer = browser.post(f"/vps/{vps.id}/power/stop/")
    assert answer.status_code == 403
    assert "Nothing was done" in answer.content.decode()
    assert not Operation.objects.exists()


def test_power_press_of_an_unknown_verb_is_404(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    assert as_user(alice).post(f"/vps/{vps.id}/power/destroy/").status_code == 404


def test_power_press_while_the_hypervisor_is_unreachable_is_refused_with_the_reason(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any
) -> None:
    """An open page may still show buttons that can be pressed."""
    vps = make_vps(alice)
    bind(vps)
    type(cluster).objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    browser = as_user(alice)
    words = "The hypervisor does not answer, so the server"
    page = browser.post(f"/vps/{vps.id}/power/reboot/", follow=True).content.decode()
    assert re.search(
        rf'<div class="note callout tone-fail" data-stays role="alert">.*<div class="words">{words}', page, re.DOTALL
    )
    fragment = browser.post(f"/vps/{vps.id}/power/reboot/", headers={"hx-request": "true"})
    assert (fragment.status_code, fragment["Retry-After"]) == (503, "10")
    assert fragment.content.decode().startswith('<div class="note'), "live.js knows it by that"
    assert words in fragment.content.decode()
    assert not Operation.objects.exists()


def test_power_press_on_a_page_of_the_release_before_still_works(
    as_user: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    assert as_user(alice).post(f"/vps/{vps.id}/stop/").status_code == 302
    assert Operation.objects.get().kind == "stop"
