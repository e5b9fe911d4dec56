// Does tshark see in made-up conversations what the flow room sees? Several hundred of them, in one capture, each on a
// port of its own: connections, packets, bytes, flags, what was sent again, and which response answers which request.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import { OPEN, pcap, play, REQUEST, RESPONSE, type Segment, segments } from "../flow/packet-script.ts";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
if (!hasTshark) console.warn("tshark is not installed: made-up conversations are not compared with it");

const folder = mkdtempSync(join(tmpdir(), "halfclose-scripts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tshark(file: string, filter: string, fields: string[], extra: string[] = []): string[][] {
  const options = ["-n", ...extra, "-r", file, "-Y", filter, "-T", "fields", ...fields.flatMap((f) => ["-e", f])];
  const run = spawnSync("tshark", options, { encoding: "utf8", maxBuffer: 1 << 28 });
  expect(run.status, run.stderr).toBe(0);
  return run.stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")]));
}

const FIRST_PORT = 10_000;

/** Puts each conversation on its own port, one second after the other, with ISNs near the places where numbers wrap. */
function side(list: readonly Segment[], n: number): Segment[] {
  const shift = [0, 2 ** 31 - 1100, 2 ** 32 - 1100, 2 ** 32 - 5100][n % 4]!;
  return list.map((s) => ({
    ...s,
    port: FIRST_PORT + n,
    timeMs: s.timeMs + n * 100_000,
    seq: (s.seq + shift) | 0,
    ack: s.flags & 0x10 ? (s.ack + shift) | 0 : 0,
  }));
}

const line = fc.constantFrom(
  `${REQUEST}\n s ACK`,
  `${RESPONSE}\n c ACK`,
  "c ACK",
  "s ACK",
  "c FIN ACK",
  "s FIN ACK",
  "c RST ACK",
  "s RST",
  "c len=40",
  "s len=300",
  "s len=300 cap=20",
  "c len=100 lost",
  "+1000 s ACK",
  "+5 c ACK",
);
const conversations = fc.sample(
  fc.tuple(fc.constantFrom(OPEN, "c SYN", "s SYN ACK\nc ACK", ""), fc.array(line, { minLength: 1, maxLength: 14 })),
  { numRuns: 300, seed: 20_260_301 },
);

describe.skipIf(!hasTshark)("made-up conversations", () => {
  it("count the same packets, bytes and flags in each direction", async () => {
    const file = join(folder, "conversations.pcap");
    const lists = conversations.map(([opening, lines], n) => side(segments(`${opening}\n${lines.join("\n")}`), n));
    writeFileSync(file, pcap(lists.flat()));
    const theirs = new Map<string, number[]>();
    for (const [port, target, length, flags] of tshark(file, "tcp", [
      "tcp.srcport",
      "tcp.dstport",
      "tcp.len",
      "tcp.flags",
    ])) {
      const bits = Number(flags);
      const key = `${port} ${target}`;
      const values = [
        1,
        Number(length),
        (bits & 0x12) === 2 ? 1 : 0,
        (bits & 0x12) === 0x12 ? 1 : 0,
        bits & 1,
        (bits >> 2) & 1,
      ];
      theirs.set(
        key,
        (theirs.get(key) ?? values.map(() => 0)).map((v, i) => v + values[i]!),
      );
    }
    const report = await analyze([file], { detail: true });
    const ours = new Map<string, number[]>();
    for (const f of report.flows!) {
      for (const [from, to] of [
        ["client", "server"],
        ["server", "client"],
      ] as const) {
        const { syn, syn_ack, fin, rst } = f.flags[from];
        if (f.packets[from] > 0)
          ours.set(`${f[from].port} ${f[to].port}`, [f.packets[from], f.bytes[from], syn, syn_ack, fin, rst]);
      }
    }
    expect(Object.fromEntries([...ours].sort())).toEqual(Object.fromEntries([...theirs].sort()));
    const streams = new Set(tshark(file, "tcp", ["tcp.stream"]).map(([n]) => n));
    expect(report.flows!.length).toBe(streams.size);
  });

  it.each<[string, string, number]>([
    ["nothing sent again", `${OPEN} c len=100\n s ACK\n c len=100\n s ACK`, 0],
    ["data sent again after 300 ms", `${OPEN} c len=100\n +300 c seq=1 len=100\n s ACK`, 1],
    ["data sent again though acknowledged", `${OPEN} c len=100\n s ACK\n +300 c seq=1 len=100\n s ACK`, 1],
    ["SYN sent twice more", "c SYN\n +1000 c SYN seq=0\n +2000 c SYN seq=0", 2],
    ["SYN-ACK sent again", "c SYN\n s SYN ACK\n +1000 s SYN ACK seq=0\n c ACK", 1],
    ["FIN sent again", `${OPEN} c FIN ACK\n +200 c FIN ACK seq=1\n s ACK`, 1],
    ["a hole filled after 300 ms", `${OPEN} c seq=101 len=100\n +300 c seq=1 len=100\n s ACK`, 1],
    ["swapped within a millisecond", `${OPEN} c seq=101 len=100 id=5\n c seq=1 len=100 id=4\n s ACK`, 0],
    [
      "keepalives without and with a byte",
      `${OPEN} c len=50\n s ACK\n +15000 c seq=50\n s ACK\n +15000 c seq=50 len=1\n s ACK`,
      0,
    ],
  ])("sent again: %s", (name, text, expected) => {
    const list = segments(text);
    const file = join(folder, `${name}.pcap`);
    writeFileSync(file, pcap(list));
    const { client, server } = play(list).flows[0]!.retransmissions;
    // Its three names for a segment that was sent before; tcp.analysis.out_of_order and keep_alive are others.
    const filter = ["retransmission", "fast_retransmission", "spurious_retransmission"]
      .map((w) => `tcp.analysis.${w}`)
      .join(" || ");
    const theirs = tshark(file, filter, ["frame.number"]).length;
    expect([client + server, theirs]).toEqual([expected, expected]);
  });

  it("pair the same requests and responses, however the bytes are cut, swapped and sent again", async () => {
    const file = join(folder, "pairs.pcap");
    const talks = fc.sample(
      fc.tuple(
        fc.array(
          fc.constantFrom(`${REQUEST}\n s ACK\n ${RESPONSE}\n c ACK`, `${REQUEST}\n s ACK\n +700 ${RESPONSE}\n c ACK`),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        fc.boolean(),
        fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 1, maxLength: 4 }),
      ),
      { numRuns: 200, seed: 20_260_302 },
    );
    const lists = talks.map(([lines, unanswered, sizes], n) => {
      const text = `${OPEN}\n${lines.join("\n")}\n${unanswered ? `${REQUEST}\n s ACK\n +1000 ` : ""}c FIN ACK\n s FIN ACK\n c ACK`;
      const cut = segments(text).flatMap((s) => {
        const parts: Segment[] = [];
        for (let at = 0, k = 0; at < s.length; k++) {
          const size = Math.min(sizes[k % sizes.length]!, s.length - at);
          const payload = s.payload.subarray(at, at + size);
          parts.push({
            ...s,
            timeMs: s.timeMs + k * 0.001,
            seq: (s.seq + at) | 0,
            payload,
            length: size,
            captured: size,
          });
          at += size;
        }
        if (parts.length === 0) return [s];
        // Every third conversation doubles its segments, each copy with an identification of its own.
        return n % 3 === 0 ? parts.flatMap((p) => [p, { ...p, ipId: p.ipId + 30_000 }]) : parts;
      });
      return side(cut, n);
    });
    writeFileSync(file, pcap(lists.flat()));
    const shape = (port: string | number, answered: boolean): string => `${port} ${answered ? "answered" : "-"}`;
    const theirs = tshark(file, "http.request", ["tcp.srcport", "http.response_in"], ["-2"]).map(([port, frame]) =>
      shape(port!, frame !== undefined && frame !== ""),
    );
    const report = await analyze([file], { detail: true });
    const ours = report.exchanges!.map((e) => shape(report.flows![e.flow]!.client.port, e.response !== null));
    expect(ours.sort()).toEqual(theirs.sort());
    expect(report.totals.unanswered).toBe(talks.filter(([, unanswered]) => unanswered).length);
  });
});
