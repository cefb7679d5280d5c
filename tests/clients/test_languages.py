"""Whether the clients' files can be used where they are copied to."""

import ast
import subprocess
from pathlib import Path

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
import panel, { OspabPanel, PanelError, verifyWebhook } from "./ospab-vps-sync.js";
export async function order(status: string, ram: number): Promise<number> {
  const result = await panel.createVPS({ user_id: 5, name: "web-01", cpu: 4, ram, disk: 100, os: "Debian 12" });
  await panel.updateVPSStatus(result.vps.id, status);
  await panel.deleteVPS(result.id);
  for await (const vps of new OspabPanel({ url: "http://x", apiKey: "k" }).listVPS()) console.log(vps.ip_address);
  const event = verifyWebhook("{}", new Headers(), ["whsec_x"], { now: new Date() });
  return event.data.vps ? event.data.vps.id : new PanelError("", { status: 0, code: "x" }).status;
}
"""
# What the README's example takes as given.
GIVEN = """
import type { IncomingMessage } from "node:http";
declare const [paidAt, rows, lastSeenId, userId, rawBody]: [Date, any[], number, number, Buffer];
declare const request: IncomingMessage;
declare function handle(event: unknown): Promise<void>;
"""


def compiled(folder: Path, caller: str, options: str) -> str:
    """What the compiler says of this caller, with the types of Node 18, the oldest that the client promises to run on."""
    (folder / TYPESCRIPT.name).write_text(TYPESCRIPT.read_text())
    (folder / "caller.ts").write_text(caller)
    types = ["--types", "node", "--typeRoots", str(ROOT / "node_modules/@types")]
    compiler = [str(NODE), str(ROOT / "node_modules/typescript/bin/tsc"), "--noEmit", "--skipLibCheck"]
    command = [*compiler, *types, *options.split(), "caller.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_client_in_typescript_compiles_in_the_strictest_project(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert compiled(tmp_path, CALLER, STRICTEST) == ""


def test_client_example_of_the_readme_compiles_in_an_older_project(tmp_path: Path) -> None:
    example = (ROOT / "clients/README.md").read_text().partition("```ts\n")[2].partition("```")[0]
    imports, _, calls = example.partition("\n\n")
    caller = f"{imports}{GIVEN}async function example() {{\n{calls}\n}}\nvoid [example, PanelError];"
    assert compiled(tmp_path, caller, OLDER) == ""


def test_client_in_python_is_written_in_python_3_9() -> None:
    ast.parse(PYTHON.read_text(), feature_version=(3, 9))
