"""The simulated cluster alone, over plain HTTP. No database, no Django."""

from typing import Any

import pytest

from tests.simulated import simulated

__all__ = ["simulated"]


@pytest.fixture(autouse=True)
def quick_and_clean() -> Any:
    """In place of the other tests' one, which cleans up in Redis."""
