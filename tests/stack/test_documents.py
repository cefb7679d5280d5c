"""Every command and snippet of docs/, run against the whole running stack in the order in which a reader meets them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import DOCUMENTS, Block, blocks_of
from tests.docs.registry import registry
from tests.docs.shape import differences, objects_in
from tests.docs.shells import Broken, Shells


def runnable(document: str) -> list[Block]:
    return [block for block in blocks_of(document) if block.is_run]


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if runnable(name)])
def test_documents_have_blocks_that_run_and_print_what_stands_below_them(
    document: str, panel: Any, tmp_path: Path
) -> None:
    """E9: and change no file of the panel's."""
    with registry() as packages, Shells(tmp_path, panel.url, panel.run.folder, packages) as shells:
        for block in runnable(document):
            try:
                output = shells.run(block)
            except Broken as error:
                pytest.fail(f"{block.position} does not run:\n{block.text}\n{error}", pytrace=False)
            faults = faults_of(block, output, shells)
            assert not faults, f"{block.position}:\n{block.text}\nprinted\n{output}\n" + "\n".join(faults)
        assert shells.changes() == "", "a reader's own files stand in site/, and the panel's are as they came"


def faults_of(block: Block, output: str, shells: Shells) -> list[str]:
    printed = objects_in(output)
    if block.answer_in == "json":
        return differences(json.loads(block.answer), printed[-1]) if printed else ["no JSON at all"]
    if block.answer_in == "text" and output != shells.here(block.answer):
        return [f"and not\n{block.answer}"]
    refused = [one for one in printed if isinstance(one, dict) and one.get("status") == "error"]
    return [f"a refusal that the document does not tell of: {refused}"] if refused else []
