// Does a ladder show what was on the wire? Rows against tshark, states and waits against the kernel's and the clients' own records.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { readExchanges } from "../../src/analyze.ts";
import type { LadderPicture, SegmentRow } from "../../src/diagram/ladder/ladder-picture.ts";
import { type Investigation, investigate } from "../../src/investigate.ts";
import { type LadderTarget, ladderPicture } from "../../src/pictures/ladder.ts";
import { MAX_ROWS } from "../../src/pictures/ladder-choice.ts";

const SAMPLES = `${import.meta.dirname}/../../samples`;
const captureOf = (sample: string): string =>
  `${SAMPLES}/${sample}/${readdirSync(`${SAMPLES}/${sample}`).find((name) => name.startsWith("capture.pcap"))!}`;
const truthOf = (sample: string) => JSON.parse(readFileSync(`${SAMPLES}/${sample}/truth.json`, "utf8"));

const open = new Map<string, Promise<Investigation>>();
const investigated = (sample: string): Promise<Investigation> => {
  const known = open.get(sample) ?? investigate([captureOf(sample)]);
  open.set(sample, known);
  return known;
};
afterAll(async () => {
  for (const found of open.values()) await (await found).close();
});

async function ladder(sample: string, target: LadderTarget): Promise<LadderPicture> {
  const { picture } = await ladderPicture(await investigated(sample), target);
  if (picture === null) throw new Error("nothing to be seen");
  return picture;
}
const segments = ({ rows }: LadderPicture, leg?: number): SegmentRow[] =>
  rows.filter((r) => r.kind === "segment").filter((r) => leg === undefined || r.leg === leg);
const hasTshark = existsSync("/usr/bin/tshark");

function tshark(path: string, filter: string, fields: readonly string[]): string[][] {
  const args = ["-r", path, "-Y", filter, "-T", "fields", ...fields.flatMap((f) => ["-e", f])];
  const out = execFileSync("tshark", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return out.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")]));
}
const FLAGS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;
const bitsOf = (flags: string): number => flags.split(", ").reduce((sum, f) => sum + FLAGS[f as keyof typeof FLAGS], 0);

describe.skipIf(!hasTshark).each(["refused-and-unanswered", "healthy-closes"])("every connection of %s", (sample) => {
  it("has tshark's frames, numbers, lengths, flags and marks", async () => {
    const fields = ["tcp.stream", "frame.number", "tcp.seq", "tcp.ack", "tcp.len", "tcp.flags"];
    const marks = ["tcp.analysis.retransmission", "tcp.analysis.keep_alive", "tcp.analysis.zero_window"];
    const byStream = new Map<string, unknown[]>();
    for (const [stream, frame, seq, ack, length, flags, again, alive, zero] of tshark(captureOf(sample), "tcp", [
      ...fields,
      ...marks,
    ])) {
      const bits = Number(flags) & 31;
      const row = [Number(frame), Number(seq), bits & FLAGS.ACK ? Number(ack) : null, Number(length), bits];
      const list = byStream.get(stream!) ?? [];
      list.push([...row, again !== "", alive !== "", zero !== ""]);
      byStream.set(stream!, list);
    }
    const { view } = await investigated(sample);
    expect(view.flowCount).toBe(byStream.size);
    const theirs = [...byStream.values()].sort((a, b) => (a[0] as number[])[0]! - (b[0] as number[])[0]!);
    for (let flow = 0; flow < view.flowCount; flow++) {
      const picture = await ladder(sample, { flow });
      const frames = new Set(segments(picture).map((r) => r.frame));
      const shown = theirs[flow]!.filter((row) => frames.has((row as number[])[0]!));
      if (theirs[flow]!.length <= MAX_ROWS) expect(shown.length).toBe(theirs[flow]!.length);
      const ours = segments(picture).map((r) => [
        ...[r.frame, r.seq, r.ack, r.length, bitsOf(r.flags)],
        ...[r.marks.includes("retransmission"), r.marks.includes("keep-alive"), r.marks.includes("window 0")],
      ]);
      expect(ours).toEqual(shown);
    }
  });
});

describe.each(["leaked-pool", "leaked-pool-any"])("the leaked pool of %s", (sample) => {
  it("is shown from the client's request to the connection that was not given back", async () => {
    const picture = await ladder(sample, { finding: "pool-starvation#1" });
    const ports = picture.lifelines.map((l) => Number(l.name.split(":")[1]));
    expect(picture.legs.map((l) => [l.client, l.server, l.protocol])).toEqual([
      [0, 1, "http"],
      [2, 3, "http"],
      [4, 5, "mysql"],
    ]);
    expect([ports[1], ports[3], ports[5]]).toEqual([8080, 8280, 3307]);
    expect(picture.lifelines.map((l) => l.role)).toEqual([
      "client",
      "service",
      "service, as client",
      "service",
      "service, as client",
      "database",
    ]);
    // The service's log: each connection's last command was the failing coupon query.
    const last = segments(picture, 2).filter((r) => r.messages.length > 0);
    expect(last.at(-2)!.messages[0]).toMatch(/^QUERY SELECT percent FROM coupons WHERE/);
    expect(last.at(-1)!.messages).toEqual(["ERR 1054"]);
    expect(last.at(-2)!.note).not.toBeNull();
    const leak = segments(picture, 1).find((r) => r.messages[0]?.includes("coupon="))!;
    expect(segments(picture, 0).some((r) => r.messages[0] === leak.messages[0])).toBe(true);
    expect(leak.note).toMatch(/likely leak/);
  });

  it.skipIf(!hasTshark)("counts what it does not show", async () => {
    const picture = await ladder(sample, { finding: "pool-starvation#1" });
    const { exchanges } = await readExchanges([captureOf(sample)]);
    const all = [...exchanges];
    for (const [n, leg] of picture.legs.entries()) {
      const [client, server] = [leg.client, leg.server].map((i) => picture.lifelines[i]!.name.split(":")[1]);
      const lengths = tshark(captureOf(sample), `tcp.port == ${client} && tcp.port == ${server}`, ["tcp.len"]).map(
        Number,
      );
      const omitted = picture.rows.filter((r) => r.kind === "omitted" && r.leg === n);
      const sum = (what: "packets" | "bytes" | "answered") =>
        omitted.reduce((total, r) => total + (r.kind === "omitted" ? r[what] : 0), 0);
      const shown = segments(picture, n);
      expect([shown.length + sum("packets"), shown.reduce((total, r) => total + r.length, 0) + sum("bytes")]).toEqual([
        lengths.length,
        lengths.reduce((total, length) => total + length, 0),
      ]);
      const frames = new Set(shown.map((r) => r.frame));
      const answered = all.filter((e) => e.flow === leg.flow && e.outcome === "answered");
      expect(sum("answered")).toBe(answered.filter((e) => !frames.has(e.request!.frame)).length);
    }
  });

  it("shows a request without an answer up to the giving up, and the socket that is held", async () => {
    const picture = await ladder(sample, { finding: "unanswered-requests#1" });
    const truth = truthOf(sample);
    expect(picture.legs.map((l) => l.protocol)).toEqual(["http", "http"]);
    const wait = picture.waits.find((w) => w.leg === 1)!;
    expect([wait.outcome, wait.gaveUp]).toEqual(["unanswered", picture.legs[1]!.client]);
    expect((wait.until - wait.from) / 1e9).toBeCloseTo(truth.client.waited_for_504_s, 2);
    const answered = picture.waits.find((w) => w.leg === 0)!;
    expect([answered.outcome, answered.name]).toEqual(["answered", wait.name]);
    expect(segments(picture, 0).some((r) => r.messages[0] === "504")).toBe(true);
    const port = Number(picture.lifelines[picture.legs[1]!.client]!.name.split(":")[1]);
    expect(truth.kernel.service_close_wait_ports).toContain(port);
    const held = picture.spans.filter((s) => s.leg === 1 && s.lifeline === picture.legs[1]!.server).at(-1)!;
    expect([held.state, held.until]).toEqual(["CLOSE_WAIT", Number.POSITIVE_INFINITY]);
    const fin = segments(picture, 1).find((r) => r.flags === "FIN, ACK")!;
    expect(held.from).toBe(fin.time);
  });
});

describe("any finding of any sample", () => {
  const samples = readdirSync(SAMPLES).filter((name) => existsSync(`${SAMPLES}/${name}/truth.json`));
  it.each(samples)("%s has a ladder that fits on a screen and holds together", async (sample) => {
    const found = await investigated(sample);
    const withPackets = found.findings.filter((f) => f.finding.evidence.length > 0);
    for (const { id } of withPackets.slice(0, 6)) {
      const picture = await ladder(sample, { finding: id });
      expect(picture.rows.length).toBeLessThanOrEqual(MAX_ROWS + 15);
      expect(picture.legs.length).toBeLessThanOrEqual(5);
      expect(picture.rows[0]!.time).toBe(0);
      const times = picture.rows.map((r) => r.time);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(segments(picture).some((r) => r.note !== null)).toBe(true);
      for (const r of picture.rows) {
        const { client, server } = picture.legs[r.leg]!;
        if (r.kind === "segment") expect([r.from, r.to].sort()).toEqual([client, server].sort());
        expect(r.time).toBeLessThanOrEqual(picture.end);
      }
      for (const w of picture.waits) expect(w.until).toBeGreaterThanOrEqual(w.from);
    }
  });

  it("is refused by name, when there is none", async () => {
    await expect(ladder("healthy-closes", { finding: "resets#99" })).rejects.toThrow(/no finding "resets#99"/);
    await expect(ladder("healthy-closes", { flow: 99_999 })).rejects.toThrow(/no connection 99999/);
    await expect(ladder("healthy-closes", { flow: 0.5 })).rejects.toThrow(/no connection 0.5/);
  });
});
