// How are the same packets made into other forms? Compressed, as pcapng, cut into rotated files; and a flood of SYNs, which is no traffic
// at all. Each form is made once, by the tool of the trade, beside its capture.

import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { DATA } from "./captures.mjs";

const ROTATED_FILES = 1000;

/** Each makes `to` of `from`; `alone` is the least that anybody must do to read it. */
export const FORMS = [
  {
    name: "gzip",
    ending: ".gz",
    tool: "gzip",
    make: (from, to) => `gzip -1 -c '${from}' >'${to}'`,
    alone: (file) => ["gzip", "-dc", file],
  },
  {
    name: "zstd",
    ending: ".zst",
    tool: "zstd",
    make: (from, to) => `zstd -q -3 -c '${from}' >'${to}'`,
    alone: (file) => ["zstd", "-dcq", file],
  },
  {
    name: "pcapng",
    ending: "ng",
    tool: "editcap",
    make: (from, to) => `editcap -F pcapng '${from}' '${to}'`,
    alone: (file) => ["cat", file],
  },
];

const isNewer = (path, than) => existsSync(path) && statSync(path).mtimeMs >= statSync(than).mtimeMs;

/** Null where its tool is not installed. */
export function makeForm({ ending, tool, make }, capture) {
  const path = `${capture}${ending}`;
  if (isNewer(path, capture)) return path;
  if (spawnSync("which", [tool]).status !== 0) return null;
  const partial = `${path}.partial`;
  shell(make(capture, partial));
  renameSync(partial, path);
  return path;
}

/** A thousand files, in order of time. Null where editcap is not installed. */
export function makeRotated(capture, packets) {
  const folder = join(DATA, `rotated-${basename(capture, ".pcap")}`);
  if (!isNewer(folder, capture)) {
    if (spawnSync("which", ["editcap"]).status !== 0) return null;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    shell(`editcap -F pcap -c ${Math.ceil(packets / ROTATED_FILES)} '${capture}' '${join(folder, "part.pcap")}'`);
  }
  return readdirSync(folder).map((name) => join(folder, name));
}

function shell(line) {
  const { status, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${line}: ${stderr.slice(-300)}`);
}

const RECORD = 16 + 54;
const BATCH = 10_000;

/** So many SYNs, each from another address and port, to one service; nothing answers. */
export function makeFlood(connections) {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `flood-${connections}.pcap`);
  if (existsSync(path)) return path;
  const partial = `${path}.partial`;
  const file = openSync(partial, "w");
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  writeSync(file, header);
  const batch = Buffer.alloc(BATCH * RECORD);
  for (let first = 0; first < connections; first += BATCH) {
    const count = Math.min(BATCH, connections - first);
    for (let n = 0; n < count; n++) writeSyn(batch, n * RECORD, first + n);
    writeSync(file, batch, 0, count * RECORD);
  }
  closeSync(file);
  renameSync(partial, path);
  return path;
}

function writeSyn(out, at, n) {
  const micros = 1_700_000_000_000_000 + 2 * n;
  out.writeUInt32LE(Math.floor(micros / 1e6), at);
  out.writeUInt32LE(micros % 1e6, at + 4);
  out.writeUInt32LE(54, at + 8);
  out.writeUInt32LE(54, at + 12);
  const ip = at + 16 + 14;
  out.writeUInt16BE(0x0800, ip - 2);
  out[ip] = 0x45;
  out.writeUInt16BE(40, ip + 2);
  out[ip + 8] = 64;
  out[ip + 9] = 6;
  // 10.0.0.0/8, each address once, in no order; 198.51.100.1.
  out.writeUInt32BE(0x0a000000 + (Math.imul(n, 0x9e3779b1) >>> 8), ip + 12);
  out.writeUInt32BE(0xc6336401, ip + 16);
  const tcp = ip + 20;
  out.writeUInt16BE(1024 + (n % 60_000), tcp);
  out.writeUInt16BE(443, tcp + 2);
  out.writeUInt32BE(Math.imul(n, 0x85ebca77) >>> 0, tcp + 4);
  out[tcp + 12] = 0x50;
  out[tcp + 13] = 2;
  out.writeUInt16BE(1024, tcp + 14);
}
