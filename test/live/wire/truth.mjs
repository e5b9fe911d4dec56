// What was on the wire, and what had the kernel? tcpdump's file, the packets of any file as tshark reads them, and `ss`.

import { execFile, execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { sleep } from "./room.mjs";

const exec = promisify(execFile);
/** tcpdump hands out what it took once a second at the latest; stopped before that, it loses it. */
const SETTLE_MS = 1300;
const MAX_OUTPUT = 1 << 29;

/** tcpdump into a file, beside the program that is looked at. */
export async function watchWire(host, iface, file, { filter = "tcp", bufferKib = 65_536 } = {}) {
  const child = host.start([
    ...["tcpdump", "-i", iface, "-n", "-U", "-s", "262144", "-B", String(bufferKib)],
    ...["--time-stamp-precision", "nano", "-w", file, filter],
  ]);
  if ((await child.said(/listening on/, 5000)) === null) throw new Error(`tcpdump: ${child.stderr}`);
  return {
    file,
    /** Waits until everything is in the file. Rejects when the kernel dropped something: then it is no truth. */
    async stop() {
      await sleep(SETTLE_MS);
      child.signal("SIGINT");
      await child.within(5000);
      const dropped = Number(/(\d+) packets? dropped by kernel/.exec(child.stderr)?.[1] ?? Number.NaN);
      if (dropped !== 0) throw new Error(`tcpdump, which is the truth here, dropped ${dropped}: ${child.stderr}`);
    },
  };
}

/** What tshark makes of a file: its packets, its exit code, what it complains about. Bytes are compared by their MD5. */
export async function readByTshark(file) {
  const args = ["-r", file, "-n", "-o", "frame.generate_md5_hash:TRUE", "-T", "fields"];
  for (const field of ["frame.time_epoch", "frame.len", "frame.md5_hash", "tcp.stream"]) args.push("-e", field);
  const { stdout, stderr, code } = await exec("tshark", args, { maxBuffer: MAX_OUTPUT }).then(
    (done) => ({ ...done, code: 0 }),
    (error) => ({ stdout: error.stdout ?? "", stderr: error.stderr ?? String(error), code: error.code }),
  );
  const packets = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [time, length, md5] = line.split("\t");
      const [seconds, fraction] = time.split(".");
      return { time: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0")), length: Number(length), md5 };
    });
  // As root it always says that it runs as root.
  const complaint = stderr
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Running as user"))
    .join(" ");
  return { packets, code, complaint };
}

/** The packets of several files, in the order of their names; what tshark complained about, by file. */
export async function readAllByTshark(files) {
  const packets = [];
  const complaints = [];
  for (const file of files) {
    const read = await readByTshark(file);
    for (const packet of read.packets) packets.push(packet);
    if (read.code !== 0 || read.complaint !== "") complaints.push(`${file}: exit ${read.code}: ${read.complaint}`);
  }
  return { packets, complaints };
}

/** How many packets, as capinfos counts: for files too large to be read by tshark. */
export function countPackets(files) {
  let sum = 0;
  for (const file of files) {
    const text = execFileSync("capinfos", ["-M", "-c", file], { encoding: "utf8" });
    sum += Number(/Number of packets: *(\d+)/.exec(text)[1]);
  }
  return sum;
}

export const bytesOf = (files) => files.reduce((sum, file) => sum + statSync(file).size, 0);

/**
 * Where two takings of the same wire differ. Two taps may take two packets of two processors the other way round, so each packet
 * of `truth` is looked for within NEAR places; `swapped` counts those that stand elsewhere.
 */
export function comparePackets(ours, truth) {
  const NEAR = 16;
  const taken = new Uint8Array(ours.length);
  let [same, swapped, missing] = [0, 0, 0];
  let place = 0;
  for (const packet of truth) {
    while (place < ours.length && taken[place]) place++;
    let at = -1;
    for (let n = place; n < Math.min(place + NEAR, ours.length) && at < 0; n++) {
      if (!taken[n] && ours[n].md5 === packet.md5 && ours[n].length === packet.length) at = n;
    }
    if (at < 0) {
      missing++;
      continue;
    }
    taken[at] = 1;
    same++;
    if (at !== place) swapped++;
  }
  const extra = ours.length - same;
  return { packets: truth.length, same, swapped, missing, extra };
}

/** How far the time stamps of packets that stand at the same place are apart, in nanoseconds; sorted. */
export function stampLags(ours, truth) {
  const lags = [];
  for (let n = 0; n < Math.min(ours.length, truth.length); n++) {
    if (ours[n].md5 === truth[n].md5) lags.push(Math.abs(Number(ours[n].time - truth[n].time)));
  }
  return lags.sort((a, b) => a - b);
}

/** The interface statistics blocks of a little-endian pcapng file: {received, dropped}, null where it does not say (§4.6). */
export function interfaceStatistics(file) {
  const STATISTICS = 5;
  const [RECEIVED, DROPPED] = [4, 5];
  const bytes = readFileSync(file);
  const found = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (bytes.readUInt32LE(at) === STATISTICS) {
      const options = new Map();
      for (let o = at + 20; o + 4 <= at + length - 4; ) {
        const [code, size] = [bytes.readUInt16LE(o), bytes.readUInt16LE(o + 2)];
        if (size === 8) options.set(code, bytes.readBigUInt64LE(o + 4));
        if (code === 0) break;
        o += 4 + ((size + 3) & ~3);
      }
      found.push({ received: options.get(RECEIVED) ?? null, dropped: options.get(DROPPED) ?? null });
    }
    if (length < 12) break;
    at += length;
  }
  return found;
}

/** `ss` again and again: [{at: ms since 1970, states: Map of name → count, text}]. */
export function watchSockets(host, everyMs) {
  const seconds = (everyMs / 1000).toFixed(3);
  const child = host.start([
    "bash",
    "-c",
    `while :; do echo "at $EPOCHREALTIME"; ss -tanH; echo "done $EPOCHREALTIME"; sleep ${seconds}; done`,
  ]);
  return {
    stop() {
      child.signal("SIGKILL");
      return readSocketWatch(child.stdout);
    },
    now: () => readSocketWatch(child.stdout.slice(-200_000)).at(-1) ?? null,
  };
}

function readSocketWatch(text) {
  const taken = [];
  let open = null;
  for (const line of text.split("\n")) {
    const [word, rest] = line.split(/\s+/, 2);
    if (word === "at") open = { from: Number(rest) * 1000, at: 0, states: new Map() };
    else if (word === "done" && open !== null) {
      const to = Number(rest) * 1000;
      taken.push({ ...open, at: (open.from + to) / 2, to });
      open = null;
    } else if (open !== null && word) open.states.set(word, (open.states.get(word) ?? 0) + 1);
  }
  return taken;
}
