"""Whether the clients' files can be used where they are copied to."""

import ast
import subprocess
from pathlib import Path

import pytest

from launcher.children import ROOT
from tests.clients.node import NODE

TYPESCRIPT = ROOT / "clients/typescript/ospab-vps-sync.ts"
PYTHON = ROOT / "clients/python/ospab_panel_client.py"
STRICTEST = (
    "--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --noImplicitOverride --erasableSyntaxOnly "
    "--noPropertyAccessFromIndexSignature --noUnusedLocals --noUnusedParameters --verbatimModuleSyntax "
    "--target es2022 --module nodenext"
)
OLDER = "--strict --target es2020 --module commonjs --moduleResolution node10"
# As the published client was called: a status is any string to those who read it from a database.
CALLER = """
import panel, { OspabPanel, PanelError, digestOf, verifyWebhook } from "./ospab-vps-sync";
export async function order(status: string, ram: number): Promise<number> {
  const result = await panel.createVPS({ user_id: 5, name: "web-01", cpu: 4, ram, disk: 100, os: "Debian 12" });
  await panel.updateVPSStatus(result.vps.id, status);
  await panel.deleteVPS(result.id);
  const rows = [];
  for await (const vps of new OspabPanel({ url: "http://x", apiKey: "k" }).listVPS()) rows.push(vps);
  const isSame = digestOf(rows) === (await panel.digest()).digest;
  const event = verifyWebhook("{}", { "webhook-id": "1" }, ["whsec_x"]);
  return isSame && event.data.vps ? event.data.vps.id : new PanelError("", { status: 0, code: "x" }).status;
}
"""


@pytest.mark.parametrize("options", [STRICTEST, OLDER])
def test_the_typescript_client_compiles_in_a_strict_project(tmp_path: Path, options: str) -> None:
    """With the types of Node 18, the oldest that it promises to run on."""
    (tmp_path / "package.json").write_text('{"type": "module"}' if options == STRICTEST else "{}")
    (tmp_path / TYPESCRIPT.name).write_text(TYPESCRIPT.read_text())
    address = "./ospab-vps-sync.js" if options == STRICTEST else "./ospab-vps-sync"
    (tmp_path / "caller.ts").write_text(CALLER.replace("./ospab-vps-sync", address))
    types = ["--types", "node", "--typeRoots", str(ROOT / "node_modules/@types")]
    compiler = [str(NODE), str(ROOT / "node_modules/typescript/bin/tsc"), "--noEmit", "--skipLibCheck"]
    command = [*compiler, *types, *options.split(), "caller.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_python_client_is_written_in_python_3_9() -> None:
    ast.parse(PYTHON.read_text(), feature_version=(3, 9))
