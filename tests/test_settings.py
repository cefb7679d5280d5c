"""What refuses to start, and which variable it names: each case is a process of its own, as in production."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ospab_panel.environment import broker_url

ROOT = Path(__file__).parent.parent
PLACEHOLDER = "your_secret_api_key_here_min_32_chars_change_this"
SAFE = {
    "SECRET_KEY": "s" * 50,
    "JWT_SIGNING_KEY": "j" * 32,
    "FIELD_KEYS": "Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMTI=",
    "VPS_SYNC_API_KEY": "k" * 32,
    "PANEL_URL": "https://panel.example.com",
    "DATABASE_URL": "postgresql://panel@localhost/panel",
    "REDIS_URL": "redis://localhost:6379/0",
}
DEMO = {
    "DEMO": "1",
    "PANEL_URL": "http://localhost:5050",
    "VPS_SYNC_API_KEY": PLACEHOLDER,
    "SIMULATOR_URL": "x",
    "SIMULATOR_TLS": "x",
    "SIMULATOR_FINGERPRINT": "x",
    "SIMULATOR_TOKEN": "x",
}


def start(**changes: str | None) -> tuple[int, str]:
    """The exit code and the last line of a start with these variables; None takes one away."""
    env = {name: value for name, value in (SAFE | changes).items() if value is not None}
    env |= {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", "import ospab_panel.settings"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]


def test_safe_settings_start() -> None:
    assert start() == (0, "")


def test_the_demo_starts_with_the_manuals_key() -> None:
    assert start(**DEMO) == (0, "")


@pytest.mark.parametrize("name", SAFE)
def test_what_is_missing_is_named(name: str) -> None:
    code, line = start(**{name: None})
    assert code != 0
    assert name in line


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY"),
        ({"JWT_SIGNING_KEY": "x" * 31}, "JWT_SIGNING_KEY"),
        ({"FIELD_KEYS": "nonsense"}, "FIELD_KEYS"),
        ({"VPS_SYNC_API_KEY": PLACEHOLDER}, "VPS_SYNC_API_KEY"),
        ({"VPS_SYNC_API_KEY": "x" * 31}, "VPS_SYNC_API_KEY"),
        ({"VPS_SYNC_API_KEY_OLD": PLACEHOLDER}, "VPS_SYNC_API_KEY_OLD"),
        ({"PANEL_URL": "http://panel.example.com"}, "PANEL_URL"),
        ({"PANEL_URL": "panel.example.com"}, "PANEL_URL"),
        ({"DEBUG": "1"}, "DEBUG"),
        (DEMO | {"PANEL_URL": "http://localhost:5050", "DEMO": "0"}, "VPS_SYNC_API_KEY"),
    ],
)
def test_what_is_not_safe_is_named(changes: dict[str, str], named: str) -> None:
    code, line = start(**changes)
    assert code != 0
    assert named in line


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("redis://localhost:6379/3", "redis://localhost:6379/3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_bells_are_rung_in_the_database_that_the_address_names(redis: str, broker: str) -> None:
    assert broker_url(redis) == broker
