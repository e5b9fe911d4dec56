// Which inputs are there to begin with? Packets, conversations, captures and dumps of the samples, and of a corpus where one is at hand.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { mutate } from "./mutate.mjs";

/** Of each capture: what comes first is the most varied. */
const RECORDS = 1500;
const PACKETS = 40;
const CONVERSATIONS = 6;
const STEPS = 40;
/** Of a conversation, and a record of a capture: longer ones say nothing new, and are slow. */
const MAX_BYTES = 1500;
/** Captures of a corpus that are read; smaller files are more telling. */
const MAX_FILE = 30_000;
const DUMP_BYTES = 6000;

/** `corpus`: a folder of captures beside the samples, or null. `isWanted`: a quick start where few targets run. */
export async function loadSeeds(dist, root, corpus) {
  const seeds = { packets: [], streams: {}, captures: [], dumps: [] };
  const files = [
    ...filesIn(join(root, "samples")).filter((f) => /capture\.pcap(ng)?(\.gz)?$/.test(f)),
    ...(corpus === null
      ? []
      : filesIn(corpus).filter((f) => statSync(f).size <= MAX_FILE && /\.(p?cap|pcapng|dmp|cap)$/i.test(f))),
  ];
  for (const file of files) {
    const bytes = contentOf(file);
    if (bytes.length <= MAX_FILE) seeds.captures.push(bytes);
    await packetsOf(dist, bytes, seeds);
  }
  for (const file of [...filesIn(join(root, "test/sockets/dumps")), ...filesIn(join(root, "samples"))])
    if (/dumps\/[^/]*\.(txt|csv)$/.test(file)) seeds.dumps.push(contentOf(file).slice(0, DUMP_BYTES));
  return seeds;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function contentOf(file) {
  const bytes = readFileSync(file);
  return new Uint8Array(file.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}

async function packetsOf(dist, bytes, seeds) {
  const { CaptureSet } = await import(`${dist}/src/capture/capture-set.js`);
  const { CaptureClock } = await import(`${dist}/src/core/clock.js`);
  const { Packet } = await import(`${dist}/src/core/packet.js`);
  const { sourceFromBytes } = await import(`${dist}/src/capture/source.js`);
  const { PacketDecoders } = await import(`${dist}/decoders/packet.js`);
  const { STREAM_DECODERS } = await import(`${dist}/decoders/streams.js`);
  const set = new CaptureSet([sourceFromBytes("seed", bytes)], new CaptureClock(), { chunkBytes: 1 << 16 });
  const decoders = new PacketDecoders();
  const p = new Packet();
  const flows = new Map();
  let count = 0;
  try {
    do
      while (count < RECORDS && set.next(p)) {
        if (count++ < PACKETS && p.end - p.start <= MAX_BYTES)
          seeds.packets.push({ linkType: p.linkType, bytes: p.buf.slice(p.start, p.end) });
        decoders.decode(p);
        if (p.verdict === 0 && p.payloadCaptured > 0) addStep(p, flows);
      }
    while (count < RECORDS && (await set.fill()));
  } catch {
    // A capture that cannot be read at all gives its bytes alone.
  }
  await set.close();
  const taken = {};
  for (const steps of flows.values()) {
    const protocol =
      STREAM_DECODERS.find((d) => d.probe(steps[0][1], 0, steps[0][1].length) === "yes")?.protocol ?? "framed";
    taken[protocol] = (taken[protocol] ?? 0) + 1;
    if (taken[protocol] > CONVERSATIONS) continue;
    seeds.streams[protocol] ??= [];
    seeds.streams[protocol].push(steps);
  }
}

function addStep(p, flows) {
  const isUp = p.srcPort > p.dstPort || (p.srcPort === p.dstPort && p.src > p.dst);
  const [a, b] = isUp ? [p.srcPort, p.dstPort] : [p.dstPort, p.srcPort];
  const key = `${a} ${b} ${(p.src ^ p.dst) | 0}`;
  let steps = flows.get(key);
  if (steps === undefined) flows.set(key, (steps = []));
  const end = p.payloadOffset + Math.min(p.payloadCaptured, MAX_BYTES);
  if (steps.length < STEPS) steps.push([isUp ? 0 : 1, p.buf.slice(p.payloadOffset, end)]);
}

/** Some of its lines left out, twice, elsewhere, or spoilt; words changed for those of other lines. */
export function spoiltText(r, text, other) {
  const lines = text.split("\n");
  for (let n = r.small(6); n > 0; n--) {
    const at = r.int(lines.length + 1);
    const from = r.oneIn(3) ? r.pick(other().split("\n")) : r.pick(lines);
    const choice = r.int(5);
    if (choice === 0) lines.splice(at, 1);
    else if (choice === 1) lines.splice(at, 0, from ?? "");
    else if (choice === 2) lines[at] = from ?? "";
    else {
      const words = (lines[at] ?? "").split(/( +)/);
      words[r.int(words.length)] =
        choice === 3
          ? r.pick((from ?? "").split(/ +/))
          : r.pick(["", "*", "-", "0", "999999999999", "::", "[::]:", "\t"]);
      lines[at] = words.join("");
    }
  }
  const bytes = new TextEncoder().encode(lines.join("\n"));
  return r.oneIn(3) ? mutate(r, bytes) : bytes;
}
