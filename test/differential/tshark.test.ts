// Does tshark see the same connections, the same exchanges, and do our display filters select the packets they cite?

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { analyze } from "../../src/analyze.ts";
import type { Report } from "../../src/core/report.ts";
import { samples } from "../samples/samples.ts";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
if (!hasTshark) console.warn("tshark is not installed: the comparison with it is skipped");

const folder = mkdtempSync(join(tmpdir(), "halfclose-tshark-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One array of fields per packet (or per message) that passes the filter. */
function tshark(capture: string, filter: string, fields: string[], extra: string[] = []): string[][] {
  const run = spawnSync(
    "tshark",
    ["-n", ...extra, "-r", capture, "-Y", filter, "-T", "fields", ...fields.flatMap((f) => ["-e", f])],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  expect(run.status, run.stderr).toBe(0);
  return run.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

describe.skipIf(!hasTshark).each(samples)("$name", ({ name, capture }) => {
  const plain = join(folder, `${name}.pcap`);
  let report: Report;
  beforeAll(async () => {
    const bytes = readFileSync(capture);
    writeFileSync(plain, capture.endsWith(".gz") ? gunzipSync(bytes) : bytes);
    report = await analyze([capture], { detail: true, redact: "none" });
  });

  it("counts the same packets, bytes and flags in each direction", () => {
    const theirs = new Map<string, number[]>();
    const add = (key: string, values: number[]): void => {
      const sum = theirs.get(key) ?? values.map(() => 0);
      theirs.set(
        key,
        sum.map((v, i) => v + values[i]!),
      );
    };
    const fields = [
      "ip.src",
      "ipv6.src",
      "tcp.srcport",
      "ip.dst",
      "ipv6.dst",
      "tcp.dstport",
      "tcp.len",
      "frame.len",
      "tcp.flags",
    ];
    for (const [s4, s6, sp, d4, d6, dp, length, wire, flags] of tshark(plain, "tcp && !icmp && !icmpv6", fields)) {
      const bits = Number(flags);
      const isSyn = (bits & 2) !== 0;
      const isAck = (bits & 16) !== 0;
      add(`${s4 || s6}:${sp} ${d4 || d6}:${dp}`, [
        1,
        Number(length),
        Number(wire),
        isSyn && !isAck ? 1 : 0,
        isSyn && isAck ? 1 : 0,
        bits & 1,
        (bits >> 2) & 1,
      ]);
    }
    // Ports that were used twice are two flows of one pair: the sums must agree.
    const ours = new Map<string, number[]>();
    for (const f of report.flows!) {
      for (const [from, to] of [
        ["client", "server"],
        ["server", "client"],
      ] as const) {
        const key = `${f[from].address}:${f[from].port} ${f[to].address}:${f[to].port}`;
        const { syn, syn_ack, fin, rst } = f.flags[from];
        const values = [f.packets[from], f.bytes[from], f.wire_bytes[from], syn, syn_ack, fin, rst];
        if (f.packets[from] > 0)
          ours.set(
            key,
            (ours.get(key) ?? values.map(() => 0)).map((v, i) => v + values[i]!),
          );
      }
    }
    expect(Object.fromEntries([...ours].sort())).toEqual(Object.fromEntries([...theirs].sort()));
  });

  it("pairs the same requests and responses", () => {
    // Two passes, for one marks every request as unanswered; bodies not gathered, for a cut one hides its response.
    // What was lost and sent again comes late.
    const options = ["-2", "-o", "http.desegment_body:FALSE", "-o", "tcp.reassemble_out_of_order:TRUE"];
    // tshark takes a client's port for another protocol's, where it is one (57000 is IRC's): it shall look at the bytes first.
    options.push("-o", "tcp.try_heuristic_first:TRUE");
    const theirs = tshark(plain, "http.request", ["frame.number", "http.request.method", "http.response_in"], options)
      .flatMap(([frame, methods, answers]) =>
        // Pipelined requests share a frame, and tshark joins their fields by commas.
        methods!.split(",").map((method, i) => `${frame} ${method} ${answers ? (answers.split(",")[i] ?? "") : ""}`),
      )
      .filter((line) => !line.startsWith("undefined"));
    const known = new Set(theirs);
    const byAnswer = new Set(theirs.map((line) => line.split(" ").slice(1).join(" ")));
    const frames = theirs.map((line) => line.split(" ")[0]!);
    // tshark does not recognise a request whose first segment holds two bytes of the method.
    const ours = report.exchanges!.filter(
      (e) => e.protocol === "http" && e.request !== null && e.request.target !== "/pieces",
    );
    const differences = ours.filter((e) => {
      const { frame, method } = e.request!;
      const answer = `${method} ${e.response?.frame ?? ""}`;
      if (known.has(`${frame} ${answer}`)) return false;
      if (e.interim > 0) return false; // tshark takes the 1xx for the response
      if (frames.filter((f) => f === String(frame)).length > 1) return false; // pipelined: it pairs within the frame
      return !(byAnswer.has(answer) && !frames.includes(String(frame))); // it names the frame that completes the request
    });
    expect(differences).toEqual([]);
    expect(ours.length).toBe(theirs.length);
  });

  it("selects with each finding's filter exactly the packets that it cites", () => {
    for (const finding of report.findings) {
      for (const e of finding.evidence.slice(0, 1)) {
        if (!("wireshark" in e)) throw new Error(`${finding.id}: a capture's evidence is packets`);
        const selected = tshark(plain, e.wireshark, ["frame.number"]).map(([n]) => Number(n));
        expect(selected, finding.id).toEqual(e.frames);
      }
    }
  });
});
