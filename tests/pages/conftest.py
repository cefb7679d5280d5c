"""Pages name their static files by their contents, so these are collected first."""

import pytest
from django.core.management import call_command


@pytest.fixture(autouse=True, scope="session")
def static_files() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
