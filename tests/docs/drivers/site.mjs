// Calls what the modules of the guide's main site export: a call as JSON on a line of stdin, its answer on one of stdout.
// See tests/docs/site.py.
import { createInterface } from "node:readline";

const toStderr = (...words) => process.stderr.write(`${words.join(" ")}\n`);
Object.assign(console, { log: toStderr, warn: toStderr, error: toStderr });

async function answerTo({ folder, env, module, name, args }) {
  Object.assign(process.env, env);
  const loaded = await import(`${folder}/site/src/${module}.ts`);
  return loaded[name](...args);
}

/** A text such as 17n is a number that JSON has no word for. */
const revived = (_, value) => (/^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value);

const asJson = (_, value) => (value instanceof Map ? Object.fromEntries(value) : value);
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await answerTo(JSON.parse(line, revived)).then(
    (result) => ({ result }),
    (error) => ({ error: String(error?.stack ?? error) }),
  );
  process.stdout.write(`${JSON.stringify(answer, asJson)}\n`);
}
