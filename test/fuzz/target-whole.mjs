// Does a capture, whatever is in it, come out as a report in every format, and as a slice that can be read again?

import { connection } from "./grammar-captures.mjs";
import { expect, expectSame } from "./judge.mjs";
import { captureBytes } from "./target-captures.mjs";
import { conversation, PROTOCOLS } from "./target-streams.mjs";
import { Writer } from "./writer.mjs";

const w = new Writer();
/** Drawing is most of the work: a page for so many inputs, a slice for so many. */
const PAGES = 6;
const SLICES = 4;
const START_S = 1_772_000_000;
const CONNECTIONS = 5;
const FRAMES = ["port=7000,length=u32be"];

/** A plain pcap file of packets with a time in seconds. */
export function pcapOf(packets) {
  w.le32(0xa1b2c3d4)
    .le16(2)
    .le16(4)
    .le32(0)
    .le32(0)
    .le32(262144)
    .le32(packets[0]?.linkType ?? 1);
  for (const p of packets) {
    w.le32(START_S + Math.floor(p.time)).le32(Math.floor((p.time % 1) * 1e6));
    w.le32(p.bytes.length).le32(p.bytes.length).bytes(p.bytes);
  }
  return w.take();
}

export async function wholeTarget(dist, seeds) {
  const { investigate, analyze } = await import(`${dist}/src/index.js`);
  const { CaptureError } = await import(`${dist}/src/capture/source.js`);
  const { extractFrom } = await import(`${dist}/src/extract.js`);
  const { picturesOf } = await import(`${dist}/src/pictures/all.js`);
  const { renderHtml } = await import(`${dist}/src/report/html/html.js`);
  const { renderText } = await import(`${dist}/src/report/text.js`);
  const { renderMarkdown } = await import(`${dist}/src/report/markdown.js`);
  const { reportJson } = await import(`${dist}/src/report/json.js`);

  function make(r) {
    const flags = {
      redact: r.pick(["default", "strict", "none"]),
      page: r.oneIn(PAGES),
      slice: r.oneIn(SLICES),
      detail: r.oneIn(2),
      others: r.oneIn(4) ? othersOf(r) : {},
    };
    if (r.oneIn(3)) return { bytes: captureBytes(r, seeds), ...flags };
    const packets = [];
    for (let n = 1 + r.small(CONNECTIONS - 1); n > 0; n--)
      packets.push(...connection(r, conversation(r, r.pick(Object.keys(PROTOCOLS)), seeds).slice(0, 30), n));
    if (!r.oneIn(5)) packets.sort((a, b) => a.time - b.time);
    return { bytes: pcapOf(packets), ...flags };
  }

  /** Options that change which packets are looked at, and a dump beside. */
  function othersOf(r) {
    return r.pick([
      { verifyChecksums: true },
      { filter: "not host 192.0.2.7 and port 80" },
      { from: "+1s" },
      { to: "+0.5s" },
      { hostOs: "windows", timeWait: "30s" },
      ...(seeds.dumps.length > 0 ? [{ sockets: [r.pick(seeds.dumps)] }] : []),
    ]);
  }

  async function run({ bytes, redact, page, slice, detail, others }) {
    const options = { ...others, redact, detail, frames: FRAMES, redactKey: "a key of the fuzzer's own" };
    let found;
    try {
      found = await investigate([bytes], options);
    } catch (error) {
      if (error instanceof CaptureError) return;
      throw error;
    }
    try {
      const { report } = found;
      const failed = report.failed ?? report.unsure.filter((u) => /failed/.test(u.needs));
      expect(failed.length === 0, () => `an analysis failed: ${JSON.stringify(failed)}`);
      const json = [...reportJson(report)].join("");
      JSON.parse(json);
      renderText(report, { unicode: true, width: 80, color: true });
      renderMarkdown(report);
      if (page) {
        const { pictures, without } = await picturesOf(found);
        const html = await renderHtml(report, pictures, { without });
        expect(html.endsWith("</html>\n"), "a page cut short");
      }
      if (slice && found.view.flowCount > 0) await again(found, options);
      // Other bytes behind the capture, and an offset that is not 0, change nothing.
      if (detail) {
        const other = new Uint8Array(bytes.length + 64).fill(0xff);
        other.set(bytes, 32);
        const same = await analyze([other.subarray(32, 32 + bytes.length)], options);
        expectSame(json, [...reportJson(same)].join(""), "the same capture once more");
      }
    } finally {
      await found.close();
    }
  }

  async function again(found, options) {
    const flows = Array.from({ length: Math.min(3, found.view.flowCount) }, (_, i) => i);
    const { bytes } = await extractFrom(found, { flows, maxBytes: 1_000_000 }, options);
    const report = await analyze([bytes], { redact: "none", frames: FRAMES });
    expect(
      report.captures[0].problems.length === 0,
      () => `a slice with problems: ${JSON.stringify(report.captures[0].problems)}`,
    );
    expect(report.totals.flows <= flows.length * 2, () => `${report.totals.flows} flows in a slice of ${flows.length}`);
  }

  function grow(r, bytes) {
    const steps = conversation(r, r.pick(Object.keys(PROTOCOLS)), seeds).slice(0, 30);
    if (steps.length === 0) return null;
    const isOne = r.oneIn(2);
    const of = connection(r, steps, 0).reduce((n, p) => n + p.bytes.length, 1);
    return (n) => {
      const times = Math.ceil((bytes * n) / of);
      const long = isOne
        ? connection(r, Array.from({ length: times }, () => steps).flat(), 0)
        : Array.from({ length: times }, (_, i) => connection(r, steps, i)).flat();
      return { bytes: pcapOf(long), redact: "default", page: false, slice: false, detail: false, others: {} };
    };
  }

  return { name: "whole", make, run, grow, slowness: 4 };
}
