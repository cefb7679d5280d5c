"""What a main site with the published service does, played by tests/clients/published.mjs. For the tests of the clients."""

from typing import Any

STORIES = (
    "an order",
    "an order of another hypervisor",
    "an order with a hypervisor that is empty",
    "an order whose object holds more",
    "an order that is incomplete",
    "an order for nobody",
    "a status",
    "a status of no VPS",
    "a status of null",
    "a status that is none",
    "a status of what never was",
    "a removal",
    "a removal of what is gone",
    "a removal of what never was",
    "a removal by text",
    "the examples' functions",
    "the quick start's functions",
)


def outcome_of(node: Any, url: str, key: str, story: str, whose: str, id: int) -> dict[str, Any]:
    """{"result" or "error", "lines"} of this story, by the `published` service or by `ours`, about a VPS of this id."""
    env = {"OSPAB_PANEL_URL": url, "VPS_SYNC_API_KEY": key}
    answer: dict[str, Any] = node.call(env=env, name="played", args=[story, whose, id])
    assert "error" not in answer, answer
    return {name: answer[name] for name in ("result", "lines")}
