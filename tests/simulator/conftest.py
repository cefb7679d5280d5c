"""The simulated cluster alone, over plain HTTP. No database, no Django."""

from typing import Any

import pytest

from tests.simulated import simulated, with_two_hosts

__all__ = ["simulated", "with_two_hosts"]


@pytest.fixture(autouse=True)
def quick_and_clean() -> Any:
    """In place of the other tests' one, which cleans up in Redis."""
