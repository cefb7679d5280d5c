"""What the launcher's stack does in which order: the web is started first, and serves last."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from launcher.children import Child
from launcher.postgres import CannotStart
from launcher.secrets_file import free_port, is_free
from launcher.stack import Stack
from tests.simulated import wait_for
from tests.stack.conftest import open_folder


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """On a database that is not there, so that it cannot be prepared."""
    monkeypatch.setenv("DATABASE_URL", urlsplit(os.environ["DATABASE_URL"])._replace(path="/missing").geturl())
    with open_folder() as folder:
        yield Stack(folder / "data", free_port())


def test_launcher_names_what_could_not_be_prepared_and_its_web_has_not_served(stack: Stack) -> None:
    with pytest.raises(CannotStart, match=r'could not be prepared:(.|\n)*database "missing" does not exist'):
        stack.start()
    web = next(child for child in stack.children if child.name == "web")
    assert not web.is_released
    assert [child.name for child in stack.children if child.is_running] == []
    assert is_free(stack.port)


def test_launcher_starts_each_thing_before_it_waits_for_any(stack: Stack) -> None:
    """Worker, sweeper and clock come after the first answer: they would make it late."""
    with pytest.raises(CannotStart):
        stack.start()
    assert [child.name for child in stack.children] == ["simulator", "web"]


def test_child_that_waits_goes_on_when_it_is_released_and_at_each_later_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child("waiting", ["sh", "-c", "echo began; read line && echo went on"], log, dict(os.environ), waits=True)
    child.start()
    wait_for(lambda: "began" in log.read_text())
    assert child.is_running
    child.release()
    wait_for(lambda: not child.is_running)
    child.start()
    wait_for(lambda: not child.is_running)
    assert log.read_text() == "began\nwent on\n" * 2


def test_child_that_has_ended_is_released_without_a_word(tmp_path: Path) -> None:
    child = Child("ended", ["true"], tmp_path / "log", dict(os.environ), waits=True)
    child.start()
    wait_for(lambda: not child.is_running)
    child.release()
