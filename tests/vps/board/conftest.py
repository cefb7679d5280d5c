"""Carol, who reads the board, for the tests beside it."""

from typing import Any

import pytest


@pytest.fixture
def admin(as_user: Any, carol: Any) -> Any:
    return as_user(carol)
