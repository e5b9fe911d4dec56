// Do the stream decoders find the commands and the answers that tshark finds, frame by frame, code by code?
//
//   node test/corpus/streams.mjs FOLDER…
//
// Every capture below the folders is read. tshark is asked about those in which halfclose sees MySQL, PostgreSQL, HTTP/2, Redis,
// memcached or TLS, and about those in which tshark saw one of them when the folder's truth.jsonl.gz was made; without that file,
// about all. Differences in which halfclose is right stand in streams-agreed.json, each with its reason.
// HALFCLOSE_DIST: where the program was built, if not in dist. Exit code 1: another difference.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { compareStreams, hasStreams, readStreams } from "./compare.mjs";
import { DISSECTORS } from "./dissect.mjs";

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("usage: node test/corpus/streams.mjs FOLDER...");
  process.exit(2);
}
const agreed = JSON.parse(readFileSync(join(import.meta.dirname, "streams-agreed.json"), "utf8"));
const built = process.env.HALFCLOSE_DIST ?? "dist";
const { analyze } = await import(pathToFileURL(resolve(built, "src/index.js")).href);

function* filesIn(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

/** The captures in which tshark saw a protocol that is compared; null when nobody asked it. */
function seenByTshark(folder) {
  const path = join(folder, "truth.jsonl.gz");
  if (!existsSync(path)) return null;
  const lines = gunzipSync(readFileSync(path)).toString("utf8").split("\n");
  const rows = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  const wanted = Object.values(DISSECTORS);
  return new Set(
    rows.filter(({ truth }) => wanted.some((d) => d in (truth.tshark.protocols ?? {}))).map(({ file }) => file),
  );
}

const captures = folders.flatMap((folder) => {
  const seen = seenByTshark(folder);
  return [...filesIn(folder)].map((path) => {
    const name = relative(folder, path);
    return { path, name, isSeen: seen === null || seen.has(name) };
  });
});

const names = new Set(captures.map(({ name }) => name));
const results = [];
async function work() {
  for (let next = captures.shift(); next !== undefined; next = captures.shift()) {
    const { path, name, isSeen } = next;
    let ours;
    try {
      ours = await readStreams(path, analyze);
    } catch {
      continue; // not a capture
    }
    if (!isSeen && !hasStreams(ours)) continue;
    for (const [protocol, c] of await compareStreams(path, ours)) results.push({ name, protocol, ...c });
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
results.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

let wrong = 0;
const used = new Set();
const complain = (text) => {
  wrong++;
  console.log(text);
};
for (const r of results) {
  const key = `${r.name} ${r.protocol}`;
  const expected = agreed[key]?.differences ?? [];
  used.add(key);
  r.agreed = r.differences.filter((d) => expected.includes(d)).length;
  for (const d of r.differences) if (!expected.includes(d)) complain(`${key}: ${d}`);
  for (const d of expected) if (!r.differences.includes(d)) complain(`${key}: agreed, but it is no difference: ${d}`);
}
// Of captures that are not in these folders nothing can be said.
for (const key of Object.keys(agreed)) {
  if (!used.has(key) && names.has(key.slice(0, key.lastIndexOf(" ")))) complain(`${key}: agreed, but not compared`);
}

const width = 12;
const row = (cells) =>
  console.log(cells.map((c, n) => (n === 0 ? String(c).padEnd(width) : String(c).padStart(width))).join(""));
row(["", "captures", "commands", "responses", "unread", "differences", "agreed"]);
for (const protocol of Object.keys(DISSECTORS)) {
  const of = results.filter((r) => r.protocol === protocol);
  const sum = (count) => of.reduce((n, r) => n + count(r), 0);
  const differences = sum((r) => r.differences.length - r.agreed);
  const counts = [sum((r) => r.commands), sum((r) => r.responses), sum((r) => r.unread)];
  row([protocol, of.length, ...counts, differences, sum((r) => r.agreed)]);
}
if (wrong > 0) process.exitCode = 1;
