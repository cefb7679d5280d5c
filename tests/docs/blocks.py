"""Takes the documents apart: what a reader would run, and what is said to come of it. For the tests of docs/."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.children import ROOT

DOCUMENTS = (
    "VPS_INTEGRATION_README.md",
    "FOR_MAIN_SITE_DEVELOPER.md",
    "CLIENT_VPS_INTEGRATION.md",
    "VPS_SYNC_EXAMPLES.md",
    "VPS_SYNC_QUICK_START.md",
    "INTEGRATION_CHECKLIST.md",
)
SHELLS = {"bash": "bash", "sh": "bash", "ts": "node", "typescript": "node", "js": "node", "python": "python"}
ENDINGS = {"bash": ".sh", "node": ".ts", "python": ".py"}
ANSWERS = ("json", "text")
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+) -->\n\Z")
NAMED = re.compile(r"(?://|#) (?P<name>[\w./-]+\.(?:ts|js|py))\b")


@dataclass
class Block:
    """`answer` is the block right below, in the language `answer_in`: what running this one prints."""

    document: str
    line: int
    language: str
    text: str
    reason_not_run: str
    answer_in: str = ""
    answer: str = ""

    @property
    def shell(self) -> str:
        return SHELLS.get(self.language, "")

    @property
    def is_run(self) -> bool:
        return bool(self.shell) and not self.reason_not_run

    @property
    def is_named(self) -> bool:
        return bool(NAMED.match(self.text))

    @property
    def name(self) -> str:
        """The file that its first line says it is, or one of its own."""
        named = NAMED.match(self.text)
        return named["name"] if named else f"line-{self.line}{ENDINGS[self.shell]}"

    @property
    def position(self) -> str:
        return f"docs/{self.document}:{self.line}"


def text_of(document: str) -> str:
    return (ROOT / "docs" / document).read_text()


def blocks_of(document: str) -> list[Block]:
    """In the order of the document, what only answers the block above it left out."""
    text, found = text_of(document), []
    end = 0
    for fence in FENCE.finditer(text):
        is_right_below = bool(found) and not text[end : fence.start()].strip()
        if is_right_below and found[-1].is_run and fence["language"] in ANSWERS:
            found[-1].answer_in, found[-1].answer = fence["language"], fence["text"]
        else:
            found.append(block_of(document, text, fence))
        end = fence.end()
    return found


def block_of(document: str, text: str, fence: re.Match[str]) -> Block:
    above = text[: fence.start()]
    marked = NOT_RUN.search(above)
    line = above.count("\n") + 1
    return Block(document, line, fence["language"], fence["text"], marked["reason"] if marked else "")


def without_code(path: Path) -> str:
    """The prose of a document, where what looks like a link or a heading is one."""
    return FENCE.sub("", path.read_text())


def sample(document: str, key: str) -> Any:
    """The one JSON object with this key on top that answers no block: nobody runs it, so a test makes its like."""
    texts = [block.text for block in blocks_of(document) if block.language == "json"]
    (found,) = [value for value in map(json.loads, texts) if key in value]
    return found
