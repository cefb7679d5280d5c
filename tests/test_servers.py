"""What the plugin of the tests does to a run of them, in a run of its own over two tests that are made here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.children import ROOT

RUN = f"{sys.executable} -m pytest -n2 -p tests.servers -p no:django -p no:cacheprovider".split()


@pytest.mark.parametrize(
    ("expression", "code", "printed"),
    [("a b", pytest.ExitCode.USAGE_ERROR, "a worker cannot read -k or -m"), ("a or b", pytest.ExitCode.OK, "2 passed")],
)
def test_workers_that_cannot_read_an_expression_say_so(
    tmp_path: Path, expression: str, code: int, printed: str
) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_two.py").write_text("def test_a():\n    pass\n\n\ndef test_b():\n    pass\n")
    command = [*RUN, "-c", str(tmp_path / "pytest.ini"), str(tmp_path), "-k", expression]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, printed in done.stdout, "INTERNALERROR" in done.stdout) == (code, True, False), done.stdout
