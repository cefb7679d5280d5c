"""The web process dies when the work is done and the answer is not sent: who asks again is answered, and it was done once."""

import uuid
from pathlib import Path
from typing import Any

import requests

from tests.simulated import wait_for
from web.crash_points import BEFORE_ANSWER

# Where both processes of the web were killed, a call waits until one of the next two has started.
PATIENT_S = 300
ORDER = {"user_id": 5, "status": "running", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}


def arm(folder: Path) -> Path:
    """Whoever has an answer ready next dies with it."""
    fresh = folder / f"new-{uuid.uuid4()}"
    fresh.write_text("kill")
    return fresh.rename(folder / f"{BEFORE_ANSWER}.{uuid.uuid4()}")


def create(panel: Any, name: str) -> requests.Response | None:
    """None: the answer was lost."""
    headers = {"X-API-Key": panel.demo["api_key"], "Idempotency-Key": f"order of {name}".replace(" ", "-")}
    body = {"action": "create", "vps": ORDER | {"name": name}}
    try:
        return requests.post(f"{panel.url}/api/vps/sync", json=body, headers=headers, timeout=PATIENT_S)
    except requests.ConnectionError:
        return None


def ids(panel: Any, name: str) -> list[int]:
    key = {"X-API-Key": panel.demo["api_key"]}
    rows = requests.get(f"{panel.url}/api/vps/sync", headers=key, timeout=PATIENT_S).json()["vps"]
    return [row["id"] for row in rows if row["name"] == name]


def test_sync_create_whose_answer_was_lost_is_asked_again_and_makes_no_second_server(panel: Any) -> None:
    for number in range(5):
        name = f"lost-{number}"
        shot = arm(panel.run.crashes)
        assert create(panel, name) is None
        assert not shot.exists(), "the process died where it was to"
        made = ids(panel, name)
        assert len(made) == 1, "what was asked was done"
        again = create(panel, name)
        assert again is not None
        assert (again.status_code, again.json()["vps"]["id"]) == (201, made[0])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert ids(panel, name) == made


def test_sync_create_is_done_once_though_whoever_answers_it_dies_again_and_again(panel: Any) -> None:
    for _ in range(3):
        arm(panel.run.crashes)
    again = wait_for(lambda: create(panel, "cursed"), 60, "an answer")
    assert ids(panel, "cursed") == [again.json()["vps"]["id"]]
    assert not list(panel.run.crashes.glob(f"{BEFORE_ANSWER}.*"))
