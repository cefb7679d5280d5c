// Runs one block after another, each a module; the first failure ends it. See tests/docs/shells.py.
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const { path, env } = JSON.parse(line);
  Object.assign(process.env, env);
  await import(path);
  process.stdout.write("\x1e\n");
}
