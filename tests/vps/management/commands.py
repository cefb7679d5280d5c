"""A command of manage.py, run in the test's own process."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def run(*arguments: Any, fails: bool = False) -> list[str]:
    """The lines that it prints."""
    out = StringIO()
    if not fails:
        call_command(*arguments, stdout=out, stderr=StringIO())
    else:
        with pytest.raises(CommandError):
            call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()
