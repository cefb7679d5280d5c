"""A pytest plugin: writes the id of the first test that is red into the file that FIRST_RED names. For bench.

The id is pytest's own, whatever signs it has in it. What is printed of it ends at a sign that ids may have, too.
"""

import os
from pathlib import Path

import pytest


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    file = Path(os.environ["FIRST_RED"])
    if report.failed and not file.exists():
        file.write_text(report.nodeid)
