// Do the shares of any capture, joined, say what one program says that read everything? And does damage to a share's file become a word about it?

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connection } from "./grammar-captures.mjs";
import { segment } from "./grammar-packets.mjs";
import { expect, expectSame } from "./judge.mjs";
import { mutate } from "./mutate.mjs";
import { Random } from "./random.mjs";
import { captureBytes } from "./target-captures.mjs";
import { conversation, PROTOCOLS } from "./target-streams.mjs";
import { pcapOf } from "./target-whole.mjs";

const MOST_CONNECTIONS = 6;
const ETHERNET = 1;
/** SYNs, as src/flow/recent-syns.ts does. */
const LOOKED_BACK = 512;
const MOST_SHARES = 5;
/** One input in so many damages a file; the others compare. */
const DAMAGED = 3;
const FRAME = "port=7000,length=u32be";
/** What was refused, in a line. */
const IS_WORD = /^(?:CaptureError|UsageError): [^\n]*$/;

export async function sharesTarget(dist, seeds) {
  const { analyze, CaptureError, UsageError, sourceFromBytes } = await import(`${dist}/src/index.js`);
  const { writeShare } = await import(`${dist}/src/shares/share-files.js`);
  const { reportJson } = await import(`${dist}/src/report/json.js`);
  const folder = mkdtempSync(join(tmpdir(), "halfclose-fuzz-shares-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

  function make(r) {
    const input = { bytes: capture(r), of: 1 + r.int(MOST_SHARES), choices: choices(r), damage: null };
    if (r.oneIn(DAMAGED)) input.damage = { at: r.int(input.of), seed: r.next() };
    return input;
  }

  function capture(r) {
    if (r.oneIn(3)) return captureBytes(r, seeds);
    const packets = [];
    for (let n = 1 + r.small(MOST_CONNECTIONS - 1); n > 0; n--)
      packets.push(...connection(r, conversation(r, r.pick(Object.keys(PROTOCOLS)), seeds).slice(0, 30), n));
    if (!r.oneIn(5)) packets.sort((a, b) => a.time - b.time);
    if (r.oneIn(10)) packets.splice(r.int(Math.min(4, packets.length)), 0, ...syns(r, packets[0]?.time ?? 0));
    return pcapOf(packets);
  }

  /** About as many as are looked back upon for the one that a redirected answer belongs to. */
  function syns(r, time) {
    const call = {
      src: 0xc0000201,
      dst: 0xc0000204,
      dstPort: 81,
      seq: 1,
      ack: 0,
      id: 1,
      family: 4,
      flags: 2,
      window: 9,
    };
    const payload = new Uint8Array(0);
    return Array.from({ length: LOOKED_BACK - 8 + r.int(12) }, (_, n) => ({
      linkType: ETHERNET,
      bytes: segment({ ...call, srcPort: 41_000 + n, payload }),
      time,
    }));
  }

  const choices = (r) =>
    r.oneIn(3)
      ? r.pick([
          { verifyChecksums: true },
          { filter: "not host 192.0.2.7 and port 80" },
          { from: "+1s" },
          { to: "+0.5s" },
          { redact: "strict", redactKey: "a key of the fuzzer's own" },
        ])
      : {};

  async function run({ bytes, of, choices, damage }) {
    const options = { ...choices, frames: [FRAME] };
    const capture = sourceFromBytes("capture.pcap", bytes);
    const whole = await said(() => analyze([capture], options));
    const shares = await said(() => written(capture, of, options));
    if (typeof shares === "string") return expectSame(shares, whole, "what cannot be read");
    if (damage !== null) spoil(shares[damage.at], damage.seed);
    const merged = await said(() => analyze([capture], { ...options, shares: shares.map(({ path }) => path) }));
    if (damage === null) expectSame(merged, whole, `${of} shares`);
    // Damage that leaves the file what it was is none.
    else
      expect(merged === whole || IS_WORD.test(merged), () => `a damaged share became a report: ${merged.slice(0, 80)}`);
  }

  /** A report as text, or what it was refused with. */
  async function said(work) {
    try {
      const made = await work();
      return Array.isArray(made) ? made : [...reportJson(made)].join("");
    } catch (error) {
      if (error instanceof CaptureError || error instanceof UsageError) return `${error.name}: ${error.message}`;
      throw error;
    }
  }

  async function written(capture, of, options) {
    const { TextRedactor } = await import(`${dist}/src/core/text-redactor.js`);
    const { choicesOf } = await import(`${dist}/src/pass-choices.js`);
    const shares = [];
    for (let index = 0; index < of; index++) {
      const pieces = [];
      const { pseudonyms } = new TextRedactor(options);
      const request = { sources: [capture], choices: choicesOf(options), pseudonyms, share: { index, of } };
      await writeShare(request, (piece) => void pieces.push(piece), {});
      const path = join(folder, `${index}.share`);
      const content = Buffer.concat(pieces);
      writeFileSync(path, content);
      shares.push({ path, content });
    }
    return shares;
  }

  function spoil({ path, content }, seed) {
    writeFileSync(path, mutate(new Random(seed, "share", 0), content));
  }

  return { name: "shares", make, run, slowness: 20 };
}
