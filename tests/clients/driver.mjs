// Runs the TypeScript client for tests/clients/both.py: a call as JSON on a line of stdin, its answer on one of stdout.
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import panel, * as client from "../../clients/typescript/ospab-vps-sync.ts";
import { played } from "./published.mjs";

// What no JSON holds, by the word that stands for it there.
const UNWRITABLE = new Map([["BigInt", 2n], ["Invalid Date", new Date(NaN)]]);

// Of the ready-made client, whose lines go to the console: stdout is for answers.
const printed = [];
console.log = (...words) => printed.push(words.join(" "));

async function answerTo({ options, env, name, args }, lines) {
  if (env) process.env = env;
  if (name === "played") return played(...args);
  if (name === "verifyWebhook") return verified(...args);
  if (name === "digestOf") return client.digestOf(...args);
  const target = options ? new client.OspabPanel({ log: (line) => lines.push(line), ...options }) : panel;
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

/** What stands on an object and in none of its copies. */
function notesOf(result) {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return {};
  const hidden = Object.getOwnPropertyNames(result).filter((name) => !Object.keys(result).includes(name));
  return Object.fromEntries(hidden.map((name) => [name, result[name]]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line, (_, value) => UNWRITABLE.get(value) ?? value);
  const lines = [];
  answerTo(call, lines)
    .then((result) => ({ result: result ?? null, notes: notesOf(result) }))
    .catch((error) => ({ error: { ...error, name: error.name, message: error.message, inspected: inspect(error, { depth: 9 }) } }))
    .then((answer) => ({ number: call.number, lines: [...lines, ...printed.splice(0)], ...answer }))
    .then((answer) => process.stdout.write(JSON.stringify(answer) + "\n"));
}
