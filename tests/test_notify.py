"""Messages to workers and pages while Redis is there, is gone, and is there but says nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers

from vps import notify


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    address = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(50)
        yield f"unix://{address}"


def test_a_click_waits_no_more_than_a_moment_for_a_redis_that_says_nothing(
    mute: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"hosts": [{"address": mute, "socket_timeout": None}]}
    settings.CHANNEL_LAYERS = {"default": settings.CHANNEL_LAYERS["default"] | {"CONFIG": config}}
    channel_layers.backends.clear()
    notify.knock(1, 1)
    assert "no open page was told of VPS 1: TimeoutError" in caplog.text
    channel_layers.backends.clear()
