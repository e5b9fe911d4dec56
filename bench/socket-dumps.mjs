// How long does a dump of a million sockets take, and how much memory? Beside the least that anybody could do with the same
// file, counting first words with awk, in turn and in one run. It asserts that the counts agree, never how long anything took.
//
//   node bench/socket-dumps.mjs [--quick] [--rounds N]    --quick: 20,000 rows, one round
//   node bench/socket-dumps.mjs --read FILE               what is measured: reads the file and prints its counts

import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA } from "./captures.mjs";
import { canMeasure, run } from "./measured-process.mjs";

const self = fileURLToPath(import.meta.url);
const built = join(dirname(self), "..", "dist", "src", "sockets");
/** Read at once. */
const PIECE = 1 << 20;
/** Addresses behind the service: as many clients as a busy host has. */
const CLIENTS = 50_000;
const STATES = ["ESTABLISHED", "CLOSE_WAIT", "TIME_WAIT", "FIN_WAIT_2"];
const SS_WORDS = { ESTABLISHED: "ESTAB", CLOSE_WAIT: "CLOSE-WAIT", TIME_WAIT: "TIME-WAIT", FIN_WAIT_2: "FIN-WAIT-2" };

if (!existsSync(join(built, "read-dumps.js"))) {
  console.error("bench: build first: npm run build");
  process.exit(2);
}
const readAt = process.argv.indexOf("--read");
if (readAt > 0) console.log(JSON.stringify(await readDump(process.argv[readAt + 1])));
else await measure();

async function readDump(path) {
  const { DumpFile } = await import(join(built, "read-dumps.js"));
  const { SocketColumns } = await import(join(built, "socket-columns.js"));
  const file = new DumpFile({ source: path, columns: new SocketColumns(), servicePort: () => null });
  const handle = openSync(path, "r");
  const piece = new Uint8Array(PIECE);
  for (let n = readSync(handle, piece); n > 0; n = readSync(handle, piece)) file.feed(piece.subarray(0, n));
  closeSync(handle);
  const { dumps, otherLines } = file.end();
  const counts = {};
  let kept = 0;
  for (const dump of dumps) for (const row of dump.rows()) if (++kept) counts[row.state] = (counts[row.state] ?? 0) + 1;
  return {
    counts,
    kept,
    unread: dumps.reduce((sum, dump) => sum + dump.unreadCount, 0),
    otherLines,
    dumps: dumps.length,
  };
}

async function measure() {
  const quick = process.argv.includes("--quick");
  const roundsAt = process.argv.indexOf("--rounds");
  const rounds = roundsAt > 0 ? Number(process.argv[roundsAt + 1]) : quick ? 1 : 3;
  const count = quick ? 20_000 : 1_000_000;
  console.log(`${cpus()[0]?.model ?? "?"}, Node ${process.version}, ${rounds} round(s), medians, ${count} rows`);
  if (!canMeasure) console.log("neither GNU time nor /proc: processor time and memory are not measured");
  for (const [name, heading, row, column] of [
    ["ss-tanp", "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n", ssRow, 1],
    [
      "netstat-ano",
      "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n",
      netstatRow,
      4,
    ],
  ]) {
    const file = makeDump(name, heading, row, count);
    await run(["cat", file], { silent: true }); // the file is in the page cache for both
    const words = `{n[$${column}]++} END {for (k in n) print k, n[k]}`;
    const commands = { halfclose: [process.execPath, self, "--read", file], "awk {n[$1]++}": ["awk", words, file] };
    const results = Object.fromEntries(Object.keys(commands).map((who) => [who, []]));
    for (let round = 0; round < rounds; round++)
      for (const who in commands) results[who].push(await run(commands[who]));
    const ours = summary(results.halfclose);
    console.log(`\n${name}: ${(statSync(file).size / 1e6).toFixed(0)} MB`);
    for (const who in results) {
      const { wall, cpu, kilobytes } = summary(results[who]);
      const line = `${wall.toFixed(2)} s ${(ours.wall / wall).toFixed(2)} ×  processor ${cpu.toFixed(2)} s ${(ours.cpu / cpu).toFixed(2)} ×`;
      console.log(`  ${who.padEnd(16)}${line}  peak ${(kilobytes / 1024).toFixed(0)} MB`);
    }
    agree(JSON.parse(results.halfclose.at(-1).output), results["awk {n[$1]++}"].at(-1).output, name, count);
  }
}

/** By awk, and by how the dump was made: a state after the other. */
function agree(read, awk, name, count) {
  const said = Object.fromEntries(awk.split("\n").map((line) => line.split(" ")));
  for (const state of STATES) {
    const word = name === "ss-tanp" ? SS_WORDS[state] : state;
    const expected = [count / STATES.length, Number(said[word])];
    if (expected.every((n) => n === read.counts[state])) continue;
    process.exitCode = 1;
    console.log(`  DISAGREES: ${state}: made and counted by awk ${expected}, read ${read.counts[state]}`);
  }
  if (read.dumps === 1 && read.unread === 0 && read.kept === count) return;
  process.exitCode = 1;
  console.log(`  DISAGREES: ${JSON.stringify(read)}`);
}

function makeDump(name, heading, row, count) {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `${name}-${count}.txt`);
  if (existsSync(path) && statSync(path).mtimeMs > statSync(self).mtimeMs) return path;
  const file = openSync(`${path}.partial`, "w");
  let text = heading;
  for (let i = 0; i < count; i++) {
    text += row(i);
    if (text.length > PIECE || i === count - 1) {
      writeSync(file, text);
      text = "";
    }
  }
  closeSync(file);
  renameSync(`${path}.partial`, path);
  return path;
}

/** A client and its port. */
function peerOf(i) {
  const client = i % CLIENTS;
  return `10.1.${client >>> 8}.${client & 255}:${32_768 + ((Math.floor(i / CLIENTS) * 1409 + i) % 28_232)}`;
}

function ssRow(i) {
  const users = i % 4 === 2 ? "" : `users:(("java",pid=${4000 + (i % 16)},fd=${i % 65_536}))`;
  return `${SS_WORDS[STATES[i % 4]].padEnd(10)} ${i % 2}      0         10.0.0.5:8280   ${peerOf(i).padStart(20)} ${users}\n`;
}

function netstatRow(i) {
  const pid = i % 4 === 2 ? 0 : 4000 + (i % 16);
  return `  TCP    ${"10.0.0.5:8280".padEnd(22)} ${peerOf(i).padEnd(22)} ${STATES[i % 4].padEnd(15)} ${pid}\r\n`;
}

function summary(runs) {
  const median = (field) => runs.map((r) => r[field]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  return { wall: median("wall"), cpu: median("cpu"), kilobytes: median("kilobytes") };
}
