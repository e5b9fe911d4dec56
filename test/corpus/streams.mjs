// Do the stream decoders find the commands that tshark finds, frame by frame? `node test/corpus/streams.mjs CORPUS`
//
// CORPUS has captures of other projects in pcap/. tshark is asked about those in which either of the two may see MySQL, PostgreSQL,
// Redis or HTTP/2. Differences in which halfclose is right stand in streams-agreed.json, each with its reason.
// Exit code 1: another difference.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const corpus = process.argv[2];
if (corpus === undefined) {
  console.error("usage: node test/corpus/streams.mjs CORPUS");
  process.exit(2);
}
const here = import.meta.dirname;
const agreed = JSON.parse(readFileSync(join(here, "streams-agreed.json"), "utf8"));
const { analyze } = await import(pathToFileURL(resolve("dist/src/index.js")).href);

/** Protocol, tshark's dissector, the field that tells a command, and which of its values have an answer. */
const DISSECTORS = [
  ["mysql", "mysql", "mysql.command", (v) => !["1", "24", "25"].includes(v)],
  ["postgresql", "pgsql", "pgsql.type", (v) => v === "Execute" || v === "Simple query"],
  ["http2", "http2", "http2.headers.method", () => true],
];
const FOLDERS_OF_DATABASES = ["db"];

function* filesIn(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

function tshark(path, dissector, field, ports) {
  const decode = ports.flatMap((port) => ["-d", `tcp.port==${port},${dissector}`]);
  const options = ["-r", path, ...decode, "-Y", dissector, "-T", "fields", "-e", "frame.number", "-e", field];
  try {
    return execFileSync("tshark", options, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 28,
    });
  } catch (error) {
    return error.stdout ?? "";
  }
}

let compared = 0;
let captures = 0;
const differences = [];
const used = new Set();
for (const path of filesIn(join(corpus, "pcap"))) {
  const name = relative(corpus, path);
  let exchanges;
  let flows;
  try {
    const report = await analyze([path], { detail: true, only: ["resets"] });
    exchanges = report.exchanges;
    flows = report.flows;
  } catch {
    continue; // not a capture: check.py says so
  }
  for (const [protocol, dissector, field, hasAnswer] of DISSECTORS) {
    const ours = exchanges.filter((e) => e.protocol === protocol && e.request !== null);
    if (ours.length === 0 && !FOLDERS_OF_DATABASES.some((f) => name.startsWith(join("pcap", f)))) continue;
    const ports = [...new Set(ours.map((e) => flows[e.flow].server.port))];
    const lines = tshark(path, dissector, field, ports)
      .split("\n")
      .filter((l) => l !== "");
    const theirs = new Set();
    for (const line of lines) {
      const [frame, values] = line.split("\t");
      if ((values ?? "").split(",").some((v) => v !== "" && hasAnswer(v))) theirs.add(Number(frame));
    }
    const frames = new Set(ours.map((e) => e.request.frame));
    if (frames.size + theirs.size > 0) captures++;
    compared += theirs.size;
    const missing = [...theirs].filter((f) => !frames.has(f));
    const more = [...frames].filter((f) => !theirs.has(f));
    if (missing.length + more.length === 0) continue;
    const key = `${name} ${protocol}`;
    used.add(key);
    if (agreed[key] === undefined) differences.push({ key, missing: missing.slice(0, 10), more: more.slice(0, 10) });
  }
}
for (const d of differences)
  console.log(
    `${d.key}: only tshark has frames ${d.missing.join(" ") || "none"}; only halfclose ${d.more.join(" ") || "none"}`,
  );
const stale = Object.keys(agreed).filter((key) => !used.has(key));
for (const key of stale) console.log(`agreed, but there is no difference: ${key}`);
console.log(
  `${compared} commands of tshark in ${captures} captures: ${differences.length} captures differ, ${used.size - differences.length} agreed`,
);
if (differences.length + stale.length > 0) process.exitCode = 1;
