"""What the clients do when the panel does not answer, or refuses: once more where that may help, and else a clear error."""

import traceback
from typing import Any

import pytest

from clients.python.ospab_panel_client import PanelError
from tests.clients.both import KEY
from tests.clients.scripted import Answer, refusal, scripted

ORDER = {"user_id": 5, "name": "web-01", "cpu": 4, "ram": 8, "disk": 100, "os": "Debian 12"}
PAGE = Answer(502, b"<html>Bad Gateway</html>", {"Content_Type": "text/html"})
PASSING = {
    "408": refusal(408, "request_timeout"),
    "429": refusal(429, "throttled"),
    "500": refusal(500, "internal_error"),
    "502, in HTML": PAGE,
    "503": refusal(503, "service_unavailable"),
    "504": refusal(504, "gateway_timeout"),
    "the first is at it": refusal(409, "request_in_progress", Retry_After="0"),
    "a lost connection": Answer(drops=True),
    "no answer in time": Answer(stalls=4),
    "half an answer": Answer(200, b'{"status":', {"Content_Length": "500", "Connection": "close"}),
}
LASTING = {
    "400": refusal(400, "invalid"),
    "401": refusal(401, "not_authenticated"),
    "404": refusal(404, "vps_not_found"),
    "409": refusal(409, "vps_deleted"),
    "413": refusal(413, "too_large"),
    "422": refusal(422, "idempotency_key_reused"),
    "a long wait": refusal(429, "too_many_attempts", Retry_After="900"),
}

# What every call meets alike, until somebody mends the address, the key or what stands between.
SETUP = {
    "a wrong key": refusal(401, "invalid_api_key"),
    "a key for other calls": refusal(403, "permission_denied"),
    "a path in the address": refusal(404, "not_found"),
    "a name that the panel is not called by": refusal(400, "bad_request"),
    "a page of another program": Answer(200, b"<html>Welcome</html>"),
    "no page of another program": Answer(404, b"<html>Not Found</html>"),
    "a redirect": Answer(302, b"", {"Location": "/"}),
}
REFUSED = {
    **{what: LASTING[what] for what in ("400", "404", "409", "413", "422")},
    "too large for a proxy": Answer(413, b"<html>Request Entity Too Large</html>"),
}
KINDS = {
    "passing": PASSING | {"a long wait": LASTING["a long wait"], "a proxy's own": Answer(520, b"<html>")},
    "setup": SETUP,
    "refused": REFUSED,
}

FAULTS = {**PASSING, **LASTING, **SETUP}


def limits(fault: str) -> dict[str, float]:
    return {"timeout": 2.0} if FAULTS.get(fault, Answer()).stalls else {}


@pytest.mark.parametrize("fault", PASSING)
def test_client_retry_of_what_may_pass_is_under_the_same_key(client_of: Any, fault: str) -> None:
    with scripted(PASSING[fault], Answer(201)) as panel:
        assert client_of(panel.url, **limits(fault)).create(**ORDER)["vps"]["id"] == 7
    first, *others = panel.asked
    assert others
    assert {asked.headers["idempotency-key"] for asked in others} == {first.headers["idempotency-key"]}
    assert all(asked.body == first.body for asked in others)


@pytest.mark.parametrize("fault", LASTING)
def test_client_error_of_what_will_not_pass_comes_after_one_try_with_the_panels_message(
    client_of: Any, fault: str
) -> None:
    with scripted(LASTING[fault]) as panel, pytest.raises(PanelError) as refused:
        (client := client_of(panel.url)).create(**ORDER)
    sent, error = LASTING[fault].body, refused.value
    sentence = client.refusal("Create", sent["message"])
    assert (str(error), error.code, error.request_id) == (sentence, sent["code"], "req-1")
    assert error.status == LASTING[fault].status
    assert error.retry_after == (900 if fault == "a long wait" else None)
    assert len(panel.asked) == 1


@pytest.mark.parametrize(("kind", "fault"), [(kind, fault) for kind, faults in KINDS.items() for fault in faults])
def test_client_error_says_whether_it_passes_or_lies_in_the_setup_or_in_the_call(
    client_of: Any, kind: str, fault: str
) -> None:
    with scripted(KINDS[kind][fault]) as panel, pytest.raises(PanelError) as failed:
        client_of(panel.url, retries=0, **limits(fault)).create(**ORDER)
    assert failed.value.kind == kind


def test_client_error_of_what_was_not_sent_is_none_that_passes(client_of: Any) -> None:
    """Its status is 0, as that of a panel that does not answer."""
    kinds = {}
    for what, client, order in (
        ("ram in MB", client_of("http://panel.example"), ORDER | {"ram": 8192}),
        ("a key of two words", client_of("http://panel.example"), ORDER | {"key": "two words"}),
        ("no address", client_of(""), ORDER),
    ):
        with pytest.raises(PanelError) as failed:
            client.create(**order)
        kinds[what] = (failed.value.status, failed.value.kind)
    assert kinds == {"ram in MB": (0, "refused"), "a key of two words": (0, "refused"), "no address": (0, "setup")}


def test_client_answer_says_that_the_panel_had_done_it_before(client_of: Any) -> None:
    again = Answer(201, headers={"Idempotency_Replayed": "true"})
    with scripted(Answer(201), again) as panel:
        client = client_of(panel.url)
        first, second = (client.create(key="order-17", **ORDER) for _ in range(2))
        whole = client.sync({"action": "create", "vps": ORDER}, key="order-17")
    assert ("replayed" in first, second["replayed"], whole["replayed"]) == (False, True, True)


def test_client_retry_waits_for_as_long_as_the_panel_wants(client_of: Any) -> None:
    with scripted(refusal(429, "throttled", Retry_After="1"), Answer(201)) as panel:
        client_of(panel.url).create(**ORDER)
    first, second = panel.asked
    assert second.at - first.at >= 1


def test_client_retry_ends_in_an_error_after_the_last(client_of: Any) -> None:
    with scripted(refusal(503, "service_unavailable")) as panel, pytest.raises(PanelError) as failed:
        client_of(panel.url, retries=2).create(**ORDER)
    assert (failed.value.status, failed.value.code, len(panel.asked)) == (503, "service_unavailable", 3)


def test_client_error_names_the_fields_at_fault(client_of: Any) -> None:
    errors = {"vps.cpu": ["Must be between 1 and 1024."]}
    body = {"status": "error", "message": "Invalid request.", "code": "invalid", "errors": errors}
    with scripted(Answer(400, body)) as panel, pytest.raises(PanelError) as refused:
        client_of(panel.url).create(**ORDER)
    assert refused.value.errors == errors


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"[]", b'{"vps": {"id": 7}}', b""])
def test_client_error_of_an_answer_that_is_not_the_panels(client_of: Any, body: bytes) -> None:
    with scripted(Answer(200, body)) as panel, pytest.raises(PanelError, match="OSPAB_PANEL_URL") as failed:
        client_of(panel.url).create(**ORDER)
    assert (failed.value.code, len(panel.asked)) == ("invalid_answer", 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_client_follows_no_redirect(client_of: Any, status: int) -> None:
    with (
        scripted(Answer(201)) as elsewhere,
        scripted(Answer(status, b"", {"Location": f"{elsewhere.url}/api/vps/sync"})) as panel,
        pytest.raises(PanelError, match="redirect") as failed,
    ):
        client_of(panel.url).create(**ORDER)
    assert (failed.value.code, len(panel.asked), elsewhere.asked) == ("redirected", 1, [])


@pytest.mark.parametrize("key", ["", "two words", "ключ", "k" * 256])
def test_client_refuses_an_idempotency_key_that_no_header_carries_before_it_is_sent(client_of: Any, key: str) -> None:
    with scripted(Answer(201)) as panel, pytest.raises(PanelError) as refused:
        client_of(panel.url).create(key=key, **ORDER)
    assert (refused.value.code, panel.asked) == ("invalid_idempotency_key", [])


@pytest.mark.parametrize("fault", FAULTS)
def test_client_error_and_log_do_not_show_the_key(client_of: Any, fault: str) -> None:
    with scripted(FAULTS[fault]) as panel, pytest.raises(PanelError) as failed:
        client_of(panel.url, retries=0, **limits(fault)).create(**ORDER)
    error = failed.value
    printed = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert panel.asked[0].headers["x-api-key"] == KEY
    assert KEY not in printed + client_of(panel.url).shown()


def test_client_error_of_a_panel_that_is_not_there_is_another_than_of_one_that_is_slow(client_of: Any) -> None:
    with scripted(Answer(stalls=4)) as panel, pytest.raises(PanelError, match="within") as late:
        client_of(panel.url, retries=0, timeout=0.5).create(**ORDER)
    with pytest.raises(PanelError, match="cannot be reached") as gone:
        client_of(panel.url, retries=0).create(**ORDER)
    assert [(error.value.code, error.value.status) for error in (late, gone)] == [("timeout", 0), ("network_error", 0)]
    assert gone.value.request_id, "what its log would call the request"


def test_client_events_of_a_panel_that_was_restored_name_where_to_go_on(client_of: Any) -> None:
    """B13: a reader of events learns where to go on in a panel that was restored."""
    body = {"status": "error", "message": "There is no such event.", "code": "cursor_from_the_future", "last": 17}
    with scripted(Answer(410, body)) as panel, pytest.raises(PanelError) as failed:
        client_of(panel.url).events(900)
    assert (failed.value.status, failed.value.code, failed.value.last) == (410, "cursor_from_the_future", 17)
    assert len(panel.asked) == 1
