"""The first import that the examples print, in both languages: a row that the client refuses is named, and the others go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.scripted import Answer, Asked, Scripted, scripted
from tests.docs.blocks import blocks_of
from tests.docs.site import CLIENT, NODE, ROOT

PYTHON = ROOT / "clients/python/ospab_panel_client.py"
# The command, the client beside it, the row of the list, and the same with the fourth spoilt: BigInt is no JSON.
LANGUAGES = {
    "import.ts": (NODE, CLIENT, "ramMb: 512", "ramMb: (n === 3 ? 2n : 512) as number"),
    "import_all.py": (Path(sys.executable), PYTHON, '"ram_mb": 512', '"ram_mb": 512, "ram_gb": 1 if n == 3 else None'),
}


def taken(asked: Asked) -> Answer:
    results = [{"index": at, "status": "success", "vps": {"id": at}} for at in range(len(asked.body["operations"]))]
    return Answer(200, {"status": "success", "results": results})


def printed(panel: Scripted, folder: Path, name: str) -> list[str]:
    command, client, row, spoilt = LANGUAGES[name]
    (text,) = [block.text for block in blocks_of("VPS_SYNC_EXAMPLES.md") if name in block.text.partition("\n")[0]]
    assert row in text
    (folder / name).write_text(text.replace(row, spoilt))
    (folder / client.name).write_text(client.read_text())
    (folder / "package.json").write_text('{"type": "module"}')
    env = {"PATH": os.environ["PATH"], "OSPAB_PANEL_URL": panel.url, "VPS_SYNC_API_KEY": "k" * 32}
    done = subprocess.run([command, folder / name], env=env, capture_output=True, text=True, check=True)
    return (done.stderr + done.stdout).splitlines()


@pytest.mark.parametrize("name", LANGUAGES)
def test_first_import_names_a_row_that_the_client_refuses_and_sends_the_others(name: str, tmp_path: Path) -> None:
    with scripted(taken) as panel:
        lines = printed(panel, tmp_path, name)
    ((order, code, _),) = [line.split(" ", 2) for line in lines if line.startswith("import-")]
    assert (order.rpartition("-")[2], code) == ("3", "invalid")
    assert "partial 25" in lines
    assert len(panel.asked[0].body["operations"]) == 24
