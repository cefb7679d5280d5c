"""`python -m ospab_panel.server`, as the launcher starts it: one process loads all, and those that serve are its forks."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.children import ROOT, sweep_session
from launcher.secrets_file import free_port
from tests.simulated import wait_for

Server = tuple["subprocess.Popen[str]", int]


@pytest.fixture
def server() -> Iterator[Server]:
    """The process, which waits to be released, and its port."""
    port = free_port()
    command = [sys.executable, "-m", "ospab_panel.server", "--port", str(port), "--processes", "2", "--once-prepared"]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=ROOT, env=os.environ, text=True, start_new_session=True, **pipes) as process:
        yield process, port
        process.kill()
        sweep_session(process.pid)


def release(server: Server) -> None:
    process, port = server
    assert process.stdin
    print("prepared", file=process.stdin, flush=True)
    wait_for(lambda: answers(port), 60, "an answer", lambda: f"ended: {process.poll()}")
    wait_for(lambda: len(session_of(process)) >= 3, 20, "two beside the first one")


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


def session_of(process: "subprocess.Popen[str]") -> dict[int, bytes]:
    """pid: command line, of itself and of whatever it started. An interpreter would have another one."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(entry.name)) == process.pid:
                found[int(entry.name)] = (entry / "cmdline").read_bytes()
    return found


def test_server_that_nobody_releases_ends_and_has_not_served(server: Server) -> None:
    """Its launcher is gone in the middle of preparing: what is in the database then is not known."""
    process, port = server
    assert process.stdin
    assert process.stderr
    process.stdin.close()
    wait_for(lambda: process.poll() is not None or answers(port), 60, "its end")
    assert process.poll() == 1, "it serves"
    assert process.stderr.read() == "Nobody said that the panel is prepared.\n"


def test_server_starts_no_interpreter_but_its_own(server: Server) -> None:
    """Each would load all of the panel once more, while somebody waits for the first answer."""
    release(server)
    commands = session_of(server[0])
    assert len(commands) == 3
    assert len(set(commands.values())) == 1


def test_server_forks_another_process_for_one_that_is_killed(server: Server) -> None:
    process, port = server
    release(server)
    before = set(session_of(process))
    os.kill(victim := max(before - {process.pid}), signal.SIGKILL)
    wait_for(lambda: set(session_of(process)) - before and victim not in session_of(process), 20, "another fork")
    assert len(set(session_of(process).values())) == 1
    assert answers(port)


def test_server_that_is_asked_to_end_leaves_no_process(server: Server) -> None:
    process, _ = server
    release(server)
    process.terminate()
    wait_for(lambda: process.poll() is not None, 20, "its end")
    assert process.returncode == 0
    assert session_of(process) == {}


def test_server_ends_a_fork_that_is_asked_to_before_it_has_begun_to_serve() -> None:
    """A fork has its parent's handlers at first, by which it would put the signal where nobody looks."""
    code = """
import os, signal, time
from uvicorn.supervisors import multiprocess
from ospab_panel.server.__main__ import Forked, configured
multiprocess.Multiprocess(configured(0, 2), [])
class Early(Forked):
    def _bootstrap(self, *arguments, **named):
        os.kill(os.getpid(), signal.SIGTERM)
        return super()._bootstrap(*arguments, **named)
fork = Early(target=time.sleep, args=(30,))
fork.start()
fork.join()
print(fork.exitcode)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout == "-15\n", done.stderr
