// Runs the TypeScript client for tests/clients/both.py: a call as JSON on a line of stdin, its answer on one of stdout.
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import panel, * as client from "../../clients/typescript/ospab-vps-sync.ts";

async function answerTo({ options, env, name, args }) {
  if (env) process.env = env;
  if (name === "verifyWebhook") return verified(...args);
  if (name === "digestOf") return client.digestOf(...args);
  const target = options ? new client.OspabPanel(options) : panel;
  if (name === "inspect") return inspect(target, { depth: 9, showHidden: true }) + JSON.stringify(target);
  const given = target[name](...args);
  return given[Symbol.asyncIterator] ? await collected(given) : await given;
}

function verified(payload, headers, secret, now) {
  return client.verifyWebhook(Buffer.from(payload, "base64"), headers, secret, { now: new Date(now * 1000) });
}

async function collected(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  answerTo(call)
    .then((result) => ({ result }))
    .catch((error) => ({ error: { ...error, name: error.name, message: error.message, inspected: inspect(error, { depth: 9 }) } }))
    .then((answer) => console.log(JSON.stringify({ number: call.number, ...answer })));
}
