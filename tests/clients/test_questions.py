"""What the clients ask of one VPS, of its operations and of users, and how they name what they ask of."""

from typing import Any

import pytest

from clients.python.ospab_panel_client import PanelError
from tests.clients.scripted import Answer, Asked, refusal, scripted

OPERATION = {"id": 9, "vps_id": 7, "kind": "start", "state": "queued", "error": None}
# An external_id holds any printable text, and stands in a path as one part of it.
ID_IN_A_PATH = {
    "order-17": "order-17",
    "заказ 17": "%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7%2017",
    "100%?#&+": "100%25%3F%23%26%2B",
    "...": "...",
    "stats": "stats",
}
# These are looked up: on the way they would become another address.
ID_IN_NO_PATH = {
    ".": ".",
    "..": "..",
    "a/stats": "a%2Fstats",
    "a\\b": "a%5Cb",
    "../../users/sync": "..%2F..%2Fusers%2Fsync",
}


def answer(**body: Any) -> Answer:
    return Answer(200, {"status": "success"} | body)


# The call, and what comes of it: method, path, body.
ASKED: dict[str, tuple[Any, tuple[str, str, Any]]] = {
    "one": (lambda client: client.one({"id": 7}), ("GET", "/api/vps/sync/7", None)),
    "one by both": (lambda client: client.one({"id": 7, "external_id": "x"}), ("GET", "/api/vps/sync/7", None)),
    "its use": (lambda client: client.stats({"id": 7}), ("GET", "/api/vps/sync/7/stats", None)),
    "its use in time": (
        lambda client: client.stats({"external_id": "order-17"}, "day"),
        ("GET", "/api/vps/sync/external/order-17/stats?timeframe=day", None),
    ),
    "its operations": (
        lambda client: client.operations({"external_id": "order-17"}, before=9, limit=2),
        ("GET", "/api/vps/sync/external/order-17/operations?before=9&limit=2", None),
    ),
    "a button": (lambda client: client.press({"id": 7}, "reboot"), ("POST", "/api/vps/sync/7/reboot", {})),
    "a button for its owner": (
        lambda client: client.press({"external_id": "order-17"}, "stop", force=True, on_behalf_of=5),
        ("POST", "/api/vps/sync/external/order-17/stop", {"force": True, "on_behalf_of": 5}),
    ),
    "an operation": (lambda client: client.operation(9), ("GET", "/api/operations/9", None)),
    "some VPSs": (
        lambda client: client.rows(external_id="a&b", user_id=4, status=["running", "stopped"]),
        ("GET", "/api/vps/sync?external_id=a%26b&user_id=4&status=running%2Cstopped", None),
    ),
    "a VPS of many": (
        lambda client: client.rows(id=7, status="error"),
        ("GET", "/api/vps/sync?id=7&status=error", None),
    ),
    "some users": (
        lambda client: client.users(email="a+b@example.com", limit=2),
        ("GET", "/api/users/sync?limit=2&email=a%2Bb%40example.com", None),
    ),
    "a user of many": (
        lambda client: client.users(external_id="17", username="john"),
        ("GET", "/api/users/sync?external_id=17&username=john", None),
    ),
    "a user": (lambda client: client.user({"id": 3}), ("GET", "/api/users/sync?id=3&limit=1", None)),
    "a user's link": (
        lambda client: client.login_link({"external_id": "17"}, "/vps/5/"),
        ("POST", "/api/users/external/17/login-link", {"next": "/vps/5/"}),
    ),
}


@pytest.mark.parametrize("what", ASKED)
def test_client_asks_at_the_address_of_what_it_asks_of(client_of: Any, what: str) -> None:
    call, expected = ASKED[what]
    with scripted(answer(vps=[], users=[], operations=[], operation=OPERATION, next=None)) as panel:
        call(client_of(panel.url))
    (asked,) = panel.asked
    assert (asked.method, sorted_query(asked.path), asked.body) == (
        *expected[:1],
        sorted_query(expected[1]),
        expected[2],
    )
    assert ("idempotency-key" in asked.headers) == (asked.method == "POST")


def sorted_query(path: str) -> tuple[str, list[str]]:
    before, _, query = path.partition("?")
    return before, sorted(query.split("&"))


@pytest.mark.parametrize("external_id", ID_IN_A_PATH)
def test_client_names_by_any_external_id_in_one_part_of_a_path(client_of: Any, external_id: str) -> None:
    with scripted(answer()) as panel:
        client = client_of(panel.url)
        client.one({"external_id": external_id})
        client.login_link({"external_id": external_id})
    assert [asked.path for asked in panel.asked] == [
        f"/api/vps/sync/external/{ID_IN_A_PATH[external_id]}",
        f"/api/users/external/{ID_IN_A_PATH[external_id]}/login-link",
    ]


@pytest.mark.parametrize("external_id", ID_IN_NO_PATH)
def test_client_looks_up_an_external_id_that_no_path_carries(client_of: Any, external_id: str) -> None:
    with scripted(answer(vps=[{"id": 7}]), answer(), answer(users=[{"id": 3}]), answer()) as panel:
        client = client_of(panel.url)
        client.press({"external_id": external_id}, "start")
        client.login_link({"external_id": external_id})
    name = ID_IN_NO_PATH[external_id]
    assert [asked.path for asked in panel.asked] == [
        *(f"/api/vps/sync?external_id={name}&limit=1", "/api/vps/sync/7/start"),
        *(f"/api/users/sync?external_id={name}&limit=1", "/api/users/3/login-link"),
    ]


def test_client_says_of_one_that_it_looks_up_that_there_is_none(client_of: Any) -> None:
    with scripted(answer(vps=[], users=[])) as panel:
        client = client_of(panel.url)
        with pytest.raises(PanelError) as no_vps:
            client.one({"external_id": "a/stats"})
        with pytest.raises(PanelError) as no_user:
            client.login_link({"external_id": ".."})
    assert [(error.value.status, error.value.code, error.value.kind) for error in (no_vps, no_user)] == [
        (404, "vps_not_found", "refused"),
        (404, "user_not_found", "refused"),
    ]


@pytest.mark.parametrize(
    "which", [{}, {"external_id": ""}, {"id": 0}, {"id": -1}, {"id": 2_147_483_648}, {"id": "7/stop"}]
)
def test_client_asks_of_nothing_where_nothing_is_named(client_of: Any, which: Any) -> None:
    """An address with a gap in it would be another one."""
    with scripted(answer()) as panel:
        client = client_of(panel.url)
        calls = (client.one, client.stats, client.operations, client.user, client.login_link, press_start_of(client))
        for call in calls:
            with pytest.raises(PanelError) as refused:
                call(which)
            assert (refused.value.code, list(refused.value.errors), refused.value.kind) == (
                "invalid",
                ["id"],
                "refused",
            )
    assert panel.asked == []


def press_start_of(client: Any) -> Any:
    return lambda which: client.press(which, "start")


def test_client_finds_a_user_or_none(client_of: Any) -> None:
    john = {"id": 3, "username": "john"}
    with scripted(answer(users=[john], next=None), answer(users=[], next=None)) as panel:
        client = client_of(panel.url)
        assert [client.user({"external_id": "17"}), client.user({"external_id": "18"})] == [john, None]


def test_client_button_that_another_operation_forbids_names_that_one(client_of: Any) -> None:
    busy = refusal(409, "operation_in_progress")
    busy.body["operation"] = OPERATION
    with scripted(busy) as panel, pytest.raises(PanelError) as refused:
        client_of(panel.url).press({"id": 7}, "start")
    assert (refused.value.operation, refused.value.kind, len(panel.asked)) == (OPERATION, "refused", 1)


def test_client_button_is_pressed_once_though_its_answer_is_lost(client_of: Any) -> None:
    with scripted(Answer(drops=True), answer(operation=OPERATION)) as panel:
        assert client_of(panel.url).press({"id": 7}, "start", key="start-17")["operation"] == OPERATION
    assert [asked.headers["idempotency-key"] for asked in panel.asked] == ["start-17"] * len(panel.asked)


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_client_waits_for_an_operation_until_it_has_ended_well_or_not(client_of: Any, state: str) -> None:
    running, ended = (answer(operation=OPERATION | {"state": state}) for state in ("running", state))
    with scripted(answer(operation=OPERATION), running, ended) as panel:
        assert client_of(panel.url).wait_for(9, timeout=60)["state"] == state
    assert [asked.path for asked in panel.asked] == ["/api/operations/9"] * 3
    first, second, _ = (asked.at for asked in panel.asked)
    assert second - first > 0.5, "a panel that is asked without a pause has less time for the operation"


def test_client_waits_for_an_operation_no_longer_than_it_is_told(client_of: Any) -> None:
    with scripted(answer(operation=OPERATION)) as panel, pytest.raises(PanelError, match="within 1 s") as late:
        client_of(panel.url).wait_for(9, timeout=1)
    assert (late.value.code, late.value.kind) == ("timeout", "passing")


def test_client_operations_fetch_every_page(client_of: Any) -> None:
    def page(asked: Asked) -> Answer:
        is_first = "before=2" not in asked.path
        following = "/api/vps/sync/external/%D0%B0%20b/operations?before=2&limit=1" if is_first else None
        return answer(operations=[{"id": 2 if is_first else 1}], next=following)

    with scripted(page) as panel:
        found = client_of(panel.url).operations({"external_id": "а b"}, limit=1)
    assert [operation["id"] for operation in found] == [2, 1]
    assert [asked.path.partition("?")[0] for asked in panel.asked] == [
        "/api/vps/sync/external/%D0%B0%20b/operations"
    ] * 2
