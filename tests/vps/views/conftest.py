"""Every test here sees pages."""

import pytest


@pytest.fixture(autouse=True)
def collected(static_files: None) -> None:
    """Before the first page."""
