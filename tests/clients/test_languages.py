"""Whether the clients' files can be used where they are copied to."""

import ast
import re
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
LOOSE = "--target es2020 --module commonjs --moduleResolution node10"
OLDER = "--strict --target es2020 --module commonjs --moduleResolution node10"
# The published guides' usage, where a status is any string and an order is an object of the main site's own.
PUBLISHED = """
import vpsSync from "./ospab-vps-sync.js";
interface Order { user_id: number; name: string; cpu: number; ram: number; disk: number; os: string; hypervisor?: string }
interface Sold extends Order { customer: string; price: number; status: string }
export async function complete({ user_id, name, cpu, ram, disk, os }: Order, sold: Sold): Promise<object> {
  try {
    const panelVPS = await vpsSync.createVPS({ user_id, name, cpu, ram, disk, os });
    const status: string = (await vpsSync.createVPS(sold)).status;
    setTimeout(async () => {
      try {
        await vpsSync.updateVPSStatus(panelVPS.id, status);
      } catch (err) {
        console.error("Failed to update VPS status:", err);
      }
    }, 60000);
    const isDeleted: boolean = await vpsSync.deleteVPS(panelVPS.id);
    return { success: isDeleted, vps_id: panelVPS.id, mb: panelVPS.ram + 1, of: panelVPS.name };
  } catch (error) {
    return { success: false, message: (error as Error).message };
  }
}
"""
# What stands beside it, and how 0.3 was called in the lines that a compiler must refuse.
BESIDE = """
import panel, { OspabPanel, PanelError, verifyWebhook } from "./ospab-vps-sync.js";
export async function order(status: string, ram: number): Promise<number> {
  const row = await panel.createVPS({ user_id: 5, name: "web-01", cpu: 4, ram, disk: 100, os: "Debian 12" });
  const { applied, warnings = [], replayed } = await panel.updateVPS({ external_id: "17" }, { status });
  const whole = await panel.sync({ action: "delete", vps: { id: row.id } }, { idempotencyKey: "k" });
  console.log(applied, warnings.length, replayed === true, whole.already_deleted, whole.vps.id);
  for await (const vps of new OspabPanel({ url: "http://x", apiKey: "k", log: false }).listVPS()) console.log(vps.ip_address);
  const event = verifyWebhook("{}", new Headers(), ["whsec_x"], { now: new Date() });
  const { kind } = new PanelError("", { status: 0, code: "x" });
  return event.data.vps && kind === "passing" ? event.data.vps.id : 0;
}
"""
OF_0_3 = """
import panel from "./ospab-vps-sync.js";
declare const order: { user_id: number; name: string; cpu: number; ram: number; disk: number; os: string };
export async function before(): Promise<void> {
  const { vps } = await panel.createVPS(order);
  (await panel.updateVPSStatus(vps.id, "running")).vps;
  const { message } = await panel.updateVPS(7, { cpu: 2 });
  const { already_deleted } = await panel.deleteVPS(7);
  console.log(message, already_deleted);
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


@pytest.mark.parametrize("caller", [PUBLISHED, BESIDE])
def test_client_in_typescript_compiles_in_the_strictest_project(tmp_path: Path, caller: str) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert compiled(tmp_path, caller, STRICTEST) == ""


def test_client_in_typescript_compiles_where_the_published_service_did(tmp_path: Path) -> None:
    """Imported without an extension, and in a project that is not strict caught as the published guides print it."""
    caller = PUBLISHED.replace("vps-sync.js", "vps-sync")
    assert compiled(tmp_path, caller, OLDER) == ""
    assert compiled(tmp_path, caller.replace("(error as Error)", "error"), LOOSE) == ""


def test_client_in_typescript_refuses_the_calls_of_0_3_as_it_compiles(tmp_path: Path) -> None:
    """What a call gave then was the panel's whole answer."""
    (tmp_path / "package.json").write_text('{"type": "module"}')
    errors = compiled(tmp_path, OF_0_3, STRICTEST)
    assert re.findall(r"caller\.ts\((\d+),\d+\): error TS2339: Property '(\w+)'", errors) == [
        *(("5", "vps"), ("6", "vps"), ("7", "message"), ("8", "already_deleted"))
    ]


def test_client_example_of_the_readme_compiles_in_an_older_project(tmp_path: Path) -> None:
    example = (ROOT / "clients/README.md").read_text().partition("```ts\n")[2].partition("```")[0]
    imports, _, calls = example.partition("\n\n")
    caller = f"{imports}{GIVEN}async function example() {{\n{calls}\n}}\nvoid [example, PanelError];"
    assert compiled(tmp_path, caller, OLDER) == ""


def test_client_in_python_is_written_in_python_3_9() -> None:
    ast.parse(PYTHON.read_text(), feature_version=(3, 9))
