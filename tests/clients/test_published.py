"""Whether the TypeScript client can stand where the published service stands: what it gives, throws and logs."""

from typing import Any

import pytest

from tests.clients.both import KEY
from tests.clients.scripted import Answer, Asked, refusal, scripted
from tests.clients.stories import STORIES, outcome_of

ORDER = {"user_id": 5, "name": "web-01", "cpu": 4, "ram": 8, "disk": 100, "os": "Debian 12"}
STATUSES = {"creating", "running", "stopped", "suspended", "error"}
COLUMNS = {
    "user_id": 5,
    "name": "web-01",
    "cpu": 4,
    "ram": 8192,
    "disk": 100,
    "os": "Debian 12",
    "hypervisor": "proxmox",
}


def panel_answer(asked: Asked) -> Answer:
    """As the panel answers these stories, which tests/stack/test_clients.py tells to the genuine one."""
    action, vps = asked.body["action"], asked.body["vps"]
    if action == "create":
        is_whole = vps.keys() >= COLUMNS.keys()
        return synced(201, vps | {"id": 7}) if is_whole and vps["user_id"] == 5 else refusal(400, "invalid")
    if not isinstance(vps.get("id"), int) or vps.get("status", "running") not in STATUSES:
        return refusal(400, "invalid")
    return refusal(404, "vps_not_found") if vps["id"] > 7 else synced(200, COLUMNS | vps)


def synced(status: int, vps: dict[str, Any]) -> Answer:
    return Answer(status, {"status": "success", "message": "VPS synced successfully", "vps": vps})


@pytest.mark.parametrize("story", STORIES)
def test_client_gives_throws_and_logs_what_the_published_service_did(node: Any, story: str) -> None:
    with scripted(panel_answer) as panel:
        published = outcome_of(node, panel.url, KEY, story, "published", 7)
        ours = outcome_of(node, panel.url, KEY, story, "ours", 7)
    assert ours == published
    theirs, sent = (panel.asked[: len(panel.asked) // 2], panel.asked[len(panel.asked) // 2 :])
    assert [asked.body["vps"] for asked in sent] == [asked.body["vps"] for asked in theirs]


def test_stories_of_the_published_service_come_to_what_they_say(node: Any) -> None:
    """That both are equal says little where both fail."""
    with scripted(panel_answer) as panel:
        order, removal, refused = (
            outcome_of(node, panel.url, KEY, story, "ours", 7)
            for story in ("an order", "a removal", "an order for nobody")
        )
    answer = {"success": True, "vps_id": 7, "message": "VPS created successfully"}
    assert order["result"][:2] == [200, answer]
    assert [row["status"] for row in order["result"][2:]] == ["creating", "running"]
    assert order["lines"] == [
        "[VPS Sync] Creating VPS: web-server-01 for user 5",
        "[VPS Sync] VPS created successfully, ID: 7",
        "VPS synced with panel, ID: 7",
        "[VPS Sync] Updating VPS 7 status to: running",
        "[VPS Sync] VPS 7 status updated to: running",
    ]
    assert removal["result"] == [200, {"success": True, "message": "VPS deleted successfully"}, True]
    assert refused["result"] == [500, {"success": False, "message": "[VPS Sync] Create failed: Because of invalid."}]


@pytest.mark.parametrize("missing", ["OSPAB_PANEL_URL", "VPS_SYNC_API_KEY"])
def test_client_without_its_environment_says_the_published_sentence_at_its_first_call(node: Any, missing: str) -> None:
    env = {"OSPAB_PANEL_URL": "http://panel.example", "VPS_SYNC_API_KEY": KEY, missing: ""}
    answers = [
        node.call(env=env, name=name, args=[ORDER]) for name in ("createVPS", "updateVPSStatus", "deleteVPS", "digest")
    ]
    sentence = "Missing OSPAB_PANEL_URL or VPS_SYNC_API_KEY environment variables"
    assert {(answer["error"]["message"], answer["error"]["kind"]) for answer in answers} == {(sentence, "setup")}
    assert [answer["lines"] for answer in answers] == [[]] * 4
    assert node.call(env=env, name="played", args=["an order", "published", 7])["error"]["message"] == sentence


def test_client_takes_an_environment_with_a_line_break_at_its_end_as_fetch_does(node: Any) -> None:
    with scripted(panel_answer) as panel:
        env = {"OSPAB_PANEL_URL": f"{panel.url} \r\n", "VPS_SYNC_API_KEY": f"{KEY}\r\n"}
        assert node.call(env=env, name="createVPS", args=[ORDER])["result"]["id"] == 7
    assert panel.asked[0].headers["x-api-key"] == KEY


def test_client_create_tells_beside_the_row_what_there_is_to_tell(node: Any) -> None:
    answer = synced(201, COLUMNS | {"id": 7})
    answer.body["warnings"] = ["vps.ram: 2097152 MB are 2048 GB."]
    answer.headers["Idempotency_Replayed"] = "true"
    with scripted(answer) as panel:
        options = {"url": panel.url, "apiKey": KEY}
        created = node.call(options=options, name="createVPS", args=[ORDER | {"status": "paid"}])
    own = 'vps.status: "paid" is no word of the panel\'s, and was not sent.'
    assert created["notes"] == {"replayed": True, "warnings": [own, "vps.ram: 2097152 MB are 2048 GB."]}
    assert created["result"] == COLUMNS | {"id": 7}, "a copy has the columns alone"
    assert created["lines"][-1] == "[VPS Sync] Warning: vps.ram: 2097152 MB are 2048 GB."
    assert panel.asked[0].body["vps"]["status"] == "creating"


def test_client_update_that_came_too_late_says_so_beside_the_row(node: Any) -> None:
    stale = synced(200, COLUMNS | {"id": 7})
    stale.body["applied"] = False
    with scripted(stale, synced(200, COLUMNS | {"id": 7})) as panel:
        options = {"url": panel.url, "apiKey": KEY}
        late, fresh = (node.call(options=options, name="updateVPS", args=[7, {"cpu": 2, "ram": 2}]) for _ in range(2))
    assert (late["notes"], fresh["notes"]) == ({"applied": False}, {})
    warning = "[VPS Sync] Warning: A newer update was there before this one, and nothing was changed."
    assert late["lines"] == [*fresh["lines"], warning]
    assert fresh["lines"] == ["[VPS Sync] Updating VPS 7: cpu, ram", "[VPS Sync] VPS 7 updated"]


def test_client_log_may_be_silent_and_is_one_line_a_call_whatever_a_name_holds(node: Any) -> None:
    with scripted(panel_answer) as panel:
        options = {"url": panel.url, "apiKey": KEY}
        unlogged = node.call(options=options | {"log": False}, name="createVPS", args=[ORDER])
        broken = node.call(options=options, name="createVPS", args=[ORDER | {"name": "web\n[VPS Sync] Deleting VPS 1"}])
        named = node.call(options=options, name="deleteVPS", args=[{"external_id": "order-17"}])
    assert unlogged["lines"] == []
    assert broken["lines"][0] == "[VPS Sync] Creating VPS: web [VPS Sync] Deleting VPS 1 for user 5"
    assert named["lines"] == ["[VPS Sync] Deleting VPS order-17"], "it was refused"
