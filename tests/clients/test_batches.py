"""What a batch of the clients does with an operation that is refused, by the panel or by themselves: the others go."""

import re
from typing import Any

import pytest

from clients.python import ospab_panel_client
from clients.python.ospab_panel_client import PanelError
from launcher.children import ROOT
from tests.clients.both import InPython
from tests.clients.scripted import Answer, Asked, Scripted, refusal, scripted

TYPESCRIPT = ROOT / "clients/typescript/ospab-vps-sync.ts"
ORDER = {"user_id": 5, "name": "web-01", "cpu": 4, "ram": 8, "disk": 100, "os": "Debian 12"}
BAD: dict[str, tuple[str, Any]] = {
    "ram in MB": ("ram", {"action": "create", "vps": ORDER | {"ram": 8192}}),
    "both units": ("ram", {"action": "create", "vps": ORDER | {"ram_mb": 8192}}),
    "what no JSON holds": ("body", {"action": "update", "vps": {"id": 7, "cpu": "BigInt"}}),
    "a time that is none": (
        "occurred_at",
        {"action": "update", "vps": {"id": 7, "cpu": 2}, "occurred_at": "Invalid Date"},
    ),
    "a time that is a number": ("occurred_at", {"action": "update", "vps": {"id": 7, "cpu": 2}, "occurred_at": 17}),
    "no VPS": ("vps", {"action": "create", "vps": None}),
}
(_, IN_MB), *_ = BAD.values()
WHOLE = {
    "half a character": refusal(400, "invalid_text"),
    "nesting": refusal(400, "too_deep"),
    "megabytes": refusal(413, "too_large"),
    "more than a proxy takes": Answer(413, b"<html>Request Entity Too Large</html>"),
}
NOT_OF_THE_BODY = {
    "a wrong key": refusal(401, "invalid_api_key"),
    "a key of another body": refusal(422, "idempotency_key_reused"),
    "what is wrong with the call": refusal(400, "invalid"),
    "a panel that is away": refusal(503, "service_unavailable"),
}


def changes(*ids: int) -> list[Any]:
    return [{"action": "delete", "vps": {"id": id}} for id in ids]


def taken(asked: Asked) -> Answer:
    rows = [{"id": operation["vps"].get("id")} for operation in asked.body["operations"]]
    results = [{"index": at, "status": "success", "vps": row} for at, row in enumerate(rows)]
    return Answer(200, {"status": "success", "results": results})


def ids_sent(panel: Scripted) -> list[list[int]]:
    return [[operation["vps"]["id"] for operation in asked.body["operations"]] for asked in panel.asked]


@pytest.mark.parametrize("what", BAD)
def test_client_batch_tells_what_it_refuses_in_its_own_result_and_sends_the_others(client_of: Any, what: str) -> None:
    field, bad = BAD[what]
    with scripted(taken) as panel:
        answer = client_of(panel.url).batch([*changes(10), bad, *changes(12), bad])
    first, refused, third, last = answer["results"]
    assert answer["status"] == "partial"
    assert [(result["index"], result["status"], result["vps"]["id"]) for result in (first, third)] == [
        (0, "success", 10),
        (2, "success", 12),
    ]
    assert refused.keys() == {"index", "status", "code", "message", "errors"}
    assert (refused["index"], refused["status"], refused["code"]) == (1, "error", "invalid")
    assert refused["errors"] == {field: [refused["message"]]}
    assert last == refused | {"index": 3}
    assert ids_sent(panel) == [[10, 12]]


def test_client_batch_keeps_the_places_over_several_calls_and_makes_the_same_calls_again(client_of: Any) -> None:
    operations = changes(*range(10_004))
    bad = [0, 5000, 10_003]
    for at in bad:
        operations[at] = IN_MB
    with scripted(taken) as panel:
        first, second = (client_of(panel.url).batch(operations, key="night") for _ in range(2))
    assert first == second
    assert [result["index"] for result in first["results"]] == list(range(10_004))
    assert [result["index"] for result in first["results"] if result["status"] == "error"] == bad
    assert all(result["vps"]["id"] == result["index"] for result in first["results"] if result["status"] == "success")
    keys = [asked.headers["idempotency-key"] for asked in panel.asked]
    assert (keys, [len(ids) for ids in ids_sent(panel)]) == (["night-1", "night-2"] * 2, [10_000, 1] * 2)
    assert panel.asked[0].body == panel.asked[2].body


def test_client_batch_of_more_than_a_body_takes_goes_in_several_calls(client_of: Any) -> None:
    """The panel takes 16 MiB."""
    long = {"action": "update", "vps": {"id": 7, "name": "x" * 6 * 1024 * 1024}}
    with scripted(taken) as panel:
        answer = client_of(panel.url).batch([*changes(1), long, long, long, *changes(2)])
    assert [result["index"] for result in answer["results"]] == [0, 1, 2, 3, 4]
    assert ids_sent(panel) == [[1, 7, 7], [7, 2]]


def test_client_batch_of_nothing_that_can_be_sent_makes_no_call(client_of: Any) -> None:
    with scripted(taken) as panel:
        answer = client_of(panel.url).batch([bad for _, bad in BAD.values()])
    assert (answer["status"], panel.asked) == ("error", [])
    assert [result["index"] for result in answer["results"]] == list(range(len(BAD)))


def test_client_batch_that_is_atomic_refuses_all_before_anything_is_sent(client_of: Any) -> None:
    with scripted(taken) as panel, pytest.raises(PanelError, match="GB") as refused:
        client_of(panel.url).batch([*changes(10), IN_MB], atomic=True)
    assert (refused.value.code, refused.value.results, panel.asked) == ("invalid", [], [])


def test_client_batch_refuses_what_is_wrong_with_the_whole_call_though_nothing_would_be_sent(client_of: Any) -> None:
    for address, key, code in (
        ("http://panel.example", "two words", "invalid_idempotency_key"),
        ("", "k", "not_configured"),
    ):
        for operations in ([IN_MB], []):
            with pytest.raises(PanelError) as refused:
                client_of(address).batch(operations, key=key)
            assert refused.value.code == code


@pytest.mark.parametrize("what", WHOLE)
def test_client_batch_that_is_refused_for_one_operation_in_it_finds_it_and_sends_the_others(
    client_of: Any, what: str
) -> None:
    def panel_that_minds_thirteen(asked: Asked) -> Answer:
        return WHOLE[what] if {"id": 13} in [one["vps"] for one in asked.body["operations"]] else taken(asked)

    with scripted(panel_that_minds_thirteen) as panel:
        client = client_of(panel.url)
        answer, again = (client.batch([IN_MB, *changes(*range(10, 18))], key="night") for _ in range(2))
    assert answer == again
    assert [result["index"] for result in answer["results"]] == list(range(9))
    assert [result["index"] for result in answer["results"] if result["status"] == "error"] == [0, 4]
    succeeded = [result for result in answer["results"] if result["status"] == "success"]
    assert all(result["vps"]["id"] == result["index"] + 9 for result in succeeded)
    refused, code = answer["results"][4], "invalid_answer" if "proxy" in what else WHOLE[what].body["code"]
    assert (refused.keys(), refused["code"]) == ({"index", "status", "code", "message"}, code)
    sent = [*range(10, 18)], [*range(10, 14)], [10, 11], [12, 13], [12], [13], [*range(14, 18)]
    assert ids_sent(panel) == [*sent, *sent]
    keys = [asked.headers["idempotency-key"] for asked in panel.asked]
    half_keys = ["night", "night-1", "night-1-1", "night-1-2", "night-1-2-1", "night-1-2-2", "night-2"]
    assert keys == half_keys * 2, "each body under a key of its own, and the same one again"


@pytest.mark.parametrize("what", [*NOT_OF_THE_BODY, "a body of all or nothing"])
def test_client_batch_that_is_refused_for_no_operation_in_it_raises_after_one_call(client_of: Any, what: str) -> None:
    answer = NOT_OF_THE_BODY.get(what, WHOLE["nesting"])
    with scripted(answer) as panel, pytest.raises(PanelError) as refused:
        client_of(panel.url, retries=0).batch(changes(10, 11), atomic=what not in NOT_OF_THE_BODY)
    assert (refused.value.code, len(panel.asked)) == (answer.body["code"], 1)


def test_client_batch_that_fails_on_the_way_gives_the_results_of_all_before_the_call(client_of: Any) -> None:
    operations = [IN_MB, *changes(*range(10_001)), IN_MB]
    with scripted(taken, refusal(503, "service_unavailable")) as panel, pytest.raises(PanelError) as failed:
        client_of(panel.url, retries=0).batch(operations)
    assert [result["index"] for result in failed.value.results] == list(range(10_001))
    assert failed.value.results[0]["status"] == "error"


def test_client_batch_in_python_tells_of_what_is_nested_without_end() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    operations = [{"action": "update", "vps": {"id": 7, "placement": nested}}, *changes(10)]
    with scripted(taken) as panel:
        answer = InPython(panel.url).batch(operations)
    assert [result["status"] for result in answer["results"]] == ["error", "success"]


def test_clients_know_all_that_the_panel_refuses_a_body_for() -> None:
    """But for bytes that are no UTF-8, which they do not send."""
    codes = set(re.findall(r'code="(\w+)"', (ROOT / "web/json_body.py").read_text())) - {"invalid_utf8"} | {"too_large"}
    _, _, listed = TYPESCRIPT.read_text().partition("BODY_CODES = new Set(")
    assert codes == ospab_panel_client.BODY_CODES == set(re.findall(r'"(\w+)"', listed.partition(")")[0]))
