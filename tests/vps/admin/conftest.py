"""Carol at work, for the tests beside it."""

from typing import Any

import pytest

from tests.seams import Shorten
from vps import observations


@pytest.fixture
def admin(as_user: Any, carol: Any) -> Any:
    return as_user(carol)


@pytest.fixture(autouse=True)
def counted_lately(shorten: Shorten) -> None:
    """What the sidebar says is counted by the first page of some seconds: not by one whose queries a test counts."""
    shorten(attention_s=3600)
    observations.store_attention({})
