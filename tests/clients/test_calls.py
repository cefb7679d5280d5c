"""What the clients send, and what they make of it: sizes, times, keys, pages, batches."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clients.python.ospab_panel_client import OspabPanel, PanelError
from tests.clients.both import KEY
from tests.clients.scripted import Answer, Asked, scripted

ORDER = {"user_id": 5, "name": "веб-01", "cpu": 4, "ram": 8, "disk": 100, "os": "Ubuntu 22.04 LTS"}
PLACEMENT = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "lxc"}
USER = {"external_id": "17", "username": "john", "email": "john@example.com"}
MANY = 10_001


def test_client_sends_the_published_calls_as_it_always_did(client_of: Any) -> None:
    with scripted(Answer(201)) as panel:
        client = client_of(panel.url)
        assert client.create(**ORDER)["vps"]["id"] == 7
        client.set_status(7, "running")
        client.delete({"id": 7})
    created, updated, deleted = panel.asked
    assert {(asked.method, asked.path) for asked in panel.asked} == {("POST", "/api/vps/sync")}
    assert created.body["vps"].items() >= (ORDER | {"ram": 8192}).items()
    assert (updated.body["action"], updated.body["vps"]) == ("update", {"id": 7, "status": "running"})
    assert deleted.body == {"action": "delete", "vps": {"id": 7}}
    assert {asked.headers["x-api-key"] for asked in panel.asked} == {KEY}
    assert len({asked.headers["idempotency-key"] for asked in panel.asked}) == 3, "a key of its own for each call"


def test_client_sync_sends_one_operation_and_gives_the_whole_answer(client_of: Any) -> None:
    """For a queue, which keeps operations as a batch takes them."""
    answer = {"status": "success", "message": "VPS synced successfully", "vps": {"id": 7}, "already_deleted": True}
    refused = Answer(409, {"status": "error", "message": "This server has been deleted.", "code": "vps_deleted"})
    with scripted(Answer(200, answer), Answer(200, answer), refused) as panel:
        client = client_of(panel.url)
        assert client.sync({"action": "delete", "vps": {"external_id": "order-17"}}, key="k") == answer
        client.sync({"action": "create", "vps": ORDER, "occurred_at": "2026-01-01T00:00:00Z"})
        with pytest.raises(PanelError) as failed:
            client.sync({"action": "update", "vps": {"id": 7, "status": "sleeping"}})
    assert str(failed.value) == "This server has been deleted.", "with no prefix"
    deleted, created, updated = (asked.body for asked in panel.asked)
    assert deleted == {"action": "delete", "vps": {"external_id": "order-17"}}
    assert panel.asked[0].headers["idempotency-key"] == "k"
    assert (created["vps"]["ram"], created["occurred_at"]) == (8192, "2026-01-01T00:00:00Z")
    assert updated["vps"] == {"id": 7, "status": "sleeping"}
    assert "occurred_at" in updated


# The call, and what comes of it: method, path, body.
CALLS: dict[str, tuple[Any, tuple[str, str, Any]]] = {
    "what is new in a VPS": (
        lambda client: client.create(**ORDER | {"ram": 0.5}, external_id="order-17", placement=PLACEMENT),
        ("POST", "/api/vps/sync", {"ram": 512, "external_id": "order-17", "placement": PLACEMENT}),
    ),
    "RAM in MB": (
        lambda client: client.update({"external_id": "order-17"}, ram_mb=2_097_152, key="k"),
        ("POST", "/api/vps/sync", {"external_id": "order-17", "ram": 2_097_152}),
    ),
    "an external_id for one without": (
        lambda client: client.update({"id": 7}, external_id="order-17", ip_address=None),
        ("POST", "/api/vps/sync", {"id": 7, "external_id": "order-17", "ip_address": None}),
    ),
    "a suspension": (
        lambda client: client.suspend({"external_id": "order-17"}, reason="unpaid", pay_url="https://x.example/17"),
        (
            *("POST", "/api/vps/sync"),
            {"status": "suspended", "suspension": {"reason": "unpaid", "pay_url": "https://x.example/17"}},
        ),
    ),
    "no reason of a suspension": (
        lambda client: client.update({"id": 7}, status="suspended", suspension=None),
        ("POST", "/api/vps/sync", {"status": "suspended", "suspension": None}),
    ),
    "a new user": (lambda client: client.create_user(**USER), ("POST", "/api/users/sync", USER)),
    "a user's change": (
        lambda client: client.update_user({"external_id": "17"}, is_active=True),
        ("POST", "/api/users/sync", {"external_id": "17", "is_active": True}),
    ),
    "a user's end": (lambda client: client.deactivate_user({"id": 3}), ("POST", "/api/users/sync", {"id": 3})),
}


@pytest.mark.parametrize("what", CALLS)
def test_client_sends_what_it_is_given(client_of: Any, what: str) -> None:
    call, (method, path, fields) = CALLS[what]
    with scripted(Answer()) as panel:
        call(client_of(panel.url))
    asked = panel.asked[0]
    sent = asked.body.get("vps") or asked.body.get("user")
    assert (asked.method, asked.path) == (method, path)
    assert sent.items() >= fields.items()


def test_client_login_link_is_asked_for_by_the_users_number(client_of: Any) -> None:
    link = {"status": "success", "url": "https://panel.example/login/link/x/", "expires_at": "2026-01-01T00:00:00Z"}
    with scripted(Answer(201, link)) as panel:
        assert client_of(panel.url).login_link({"id": 3}, "/vps/5/")["url"] == link["url"]
    assert (panel.asked[0].path, panel.asked[0].body) == ("/api/users/3/login-link", {"next": "/vps/5/"})


@pytest.mark.parametrize("ram", [8192, 1024, "8", 0.3])
def test_client_create_refuses_a_ram_that_is_not_one_of_gigabytes_before_it_is_sent(client_of: Any, ram: Any) -> None:
    with scripted(Answer(201)) as panel, pytest.raises(PanelError, match=r"GB|number") as refused:
        client_of(panel.url).create(**ORDER | {"ram": ram})
    assert (refused.value.code, list(refused.value.errors), panel.asked) == ("invalid", ["ram"], [])


def test_client_update_carries_the_time_of_the_call(client_of: Any) -> None:
    with scripted(Answer()) as panel:
        client = client_of(panel.url)
        client.update({"id": 7}, status="running")
        client.update({"id": 7}, status="running", occurred_at="2026-01-01T00:00:00+03:00", key="order-17")
        client.update({"id": 7}, status="running", key="order-17")
    by_itself, given, under_a_key = (asked.body.get("occurred_at") for asked in panel.asked)
    assert abs(datetime.fromisoformat(by_itself) - datetime.now(UTC)) < timedelta(minutes=1)
    assert given == "2026-01-01T00:00:00+03:00"
    assert under_a_key is None, "the caller sends the same body under this key again, at another time"


def test_client_lists_fetch_every_page(client_of: Any) -> None:
    def page(asked: Asked) -> Answer:
        is_first = "after=40" not in asked.path
        rows = [{"id": 40}] if is_first else [{"id": 41}, {"id": 42}]
        kind = "events" if "/events" in asked.path else "vps"
        following = asked.path.partition("?")[0] + "?after=40&limit=2" if is_first else None
        return Answer(200, {"status": "success", kind: rows, "next": following})

    with scripted(page) as panel:
        client = client_of(panel.url)
        assert [row["id"] for row in client.rows(limit=2, updated_since="2026-01-01T00:00:00Z")] == [40, 41, 42]
        assert [event["id"] for event in client.events(39, types=["vps.created", "vps.deleted"])] == [40, 41, 42]
    paths = [asked.path for asked in panel.asked]
    assert paths[0] == "/api/vps/sync?limit=2&updated_since=2026-01-01T00%3A00%3A00Z"
    assert paths[1:] == [
        "/api/vps/sync?after=40&limit=2",
        "/api/events?after=39&type=vps.created%2Cvps.deleted",
        "/api/events?after=40&limit=2",
    ]


def test_client_lists_take_the_key_to_no_page_of_another_host(client_of: Any) -> None:
    with (
        scripted(Answer()) as thief,
        scripted(Answer(200, {"status": "success", "vps": [], "next": f"{thief.url}/api/vps/sync"})) as panel,
        pytest.raises(PanelError, match="another host"),
    ):
        client_of(panel.url).rows()
    assert thief.asked == []


def half(asked: Asked) -> Answer:
    """Every second operation of a batch fails."""
    results = [
        {"index": at, "status": "success", "vps": {"id": at}}
        if at % 2
        else {"index": at, "status": "error", "code": "vps_not_found", "message": "There is no such server."}
        for at in range(len(asked.body["operations"]))
    ]
    return Answer(200, {"status": "partial", "results": results})


def test_client_batch_of_more_than_ten_thousand_goes_in_several_calls(client_of: Any) -> None:
    operations = [{"action": "delete", "vps": {"external_id": f"order-{at}"}} for at in range(MANY)]
    with scripted(half) as panel:
        answer = client_of(panel.url, timeout=30.0).batch(operations, key="night")
        with pytest.raises(PanelError, match="atomic"):
            client_of(panel.url).batch(operations, atomic=True)
    assert [len(asked.body["operations"]) for asked in panel.asked] == [10_000, 1]
    assert [asked.headers["idempotency-key"] for asked in panel.asked] == ["night-1", "night-2"]
    assert [result["index"] for result in answer["results"]] == list(range(MANY))
    assert answer["status"] == "partial"


def test_client_batch_that_fails_on_the_way_gives_the_results_of_what_was_done(client_of: Any) -> None:
    operations = [{"action": "delete", "vps": {"id": at}} for at in range(MANY)]
    broken = Answer(401, {"status": "error", "message": "Invalid or missing API key", "code": "not_authenticated"})
    with scripted(half, broken) as panel, pytest.raises(PanelError, match="Invalid or missing API key") as failed:
        client_of(panel.url, timeout=30.0).batch(operations)
    assert len(failed.value.results) == 10_000


def test_client_batch_may_be_all_or_nothing_and_may_be_empty(client_of: Any) -> None:
    with scripted(Answer(200, {"status": "success", "results": []})) as panel:
        client = client_of(panel.url)
        client.batch(
            [{"action": "create", "vps": ORDER}, {"action": "update", "vps": {"id": 7, "ram": 2}}], atomic=True
        )
        assert client.batch([]) == {"status": "success", "results": []}
    first, *others = (asked.body for asked in panel.asked)
    assert (first["atomic"], others) == (True, []), "where there is nothing to send, nothing is"
    assert [operation["vps"]["ram"] for operation in first["operations"]] == [8192, 2048]
    assert "occurred_at" in first["operations"][1]


def test_client_settings_that_are_missing_are_named(node: Any) -> None:
    """The ready-made one reads the environment at each call, so that it may be filled late."""
    with scripted(Answer(201)) as panel:
        env = {"OSPAB_PANEL_URL": f"{panel.url}/", "VPS_SYNC_API_KEY": KEY}
        for missing in env:
            given = {name: value for name, value in env.items() if name != missing}
            answer = node.call(env=given, name="createVPS", args=[ORDER])
            assert missing in answer["error"]["message"]
        assert panel.asked == []
        created = node.call(env=env, name="createVPS", args=[ORDER])["result"]
    assert created["id"] == 7


@pytest.mark.parametrize(
    ("url", "api_key"),
    [
        ("", KEY),
        ("panel.example", KEY),
        ("http://me:secret@panel.example", KEY),
        ("http://x", "two words"),
        ("http://x", ""),
    ],
)
def test_client_settings_that_cannot_work_are_refused_without_repeating_them(
    client_of: Any, url: str, api_key: str
) -> None:
    with pytest.raises(PanelError) as refused:
        client_of(url, api_key).digest()
    assert refused.value.code == "not_configured"
    assert "secret" not in str(refused.value)
    assert "two words" not in str(refused.value)


def test_client_refuses_what_cannot_be_written_as_one_that_was_refused() -> None:
    """A queue sets it aside, for it will never go."""
    panel = OspabPanel("http://panel.example", KEY)
    operation = {"action": "update", "vps": {"id": 7, "cpu": Decimal(2)}}
    for call in (lambda: panel.sync(operation), lambda: panel.batch([operation], atomic=True)):
        with pytest.raises(PanelError, match="Decimal") as refused:
            call()
        assert (refused.value.code, refused.value.kind) == ("invalid", "refused")


def test_client_in_typescript_refuses_what_cannot_be_written_as_one_that_was_refused(node: Any) -> None:
    broken = {"action": "update", "vps": {"id": 7, "cpu": "BigInt"}}
    late = {"action": "update", "vps": {"id": 7, "cpu": 2}, "occurred_at": "Invalid Date"}
    for operation, word in ((broken, "BigInt"), (late, "Date")):
        options = {"url": "http://panel.example", "apiKey": KEY}
        for name, args in (("sync", [operation]), ("batch", [[operation], {"atomic": True}])):
            error = node.call(options=options, name=name, args=args)["error"]
            assert (error["code"], error["kind"], word in error["message"]) == ("invalid", "refused", True)
