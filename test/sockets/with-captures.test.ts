// Does a dump find its connections in the capture beside it? The dumps are the kernel's own, taken while tcpdump ran.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { Report } from "../../src/core/report.ts";

interface Snapshot {
  at: string;
  namespace?: string;
  sockets: { state: string; recv_q: number; local: string; remote: string }[];
}

const sample = (name: string): string => `samples/${name}/capture.pcap.gz`;
const snapshots = (name: string): Snapshot[] =>
  gunzipSync(readFileSync(`samples/${name}/ss.jsonl.gz`))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Snapshot);

/** As `date; ss -tanp` prints it. */
function ssText({ at, sockets }: Snapshot, owner = ""): string {
  const rows = sockets.map((s) =>
    `${stateOfSs(s.state).padEnd(10)} ${s.recv_q} 0 ${s.local} ${s.remote} ${owner}`.trimEnd(),
  );
  return [at, "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process", ...rows, ""].join("\n");
}

const stateOfSs = (state: string): string =>
  state === "ESTABLISHED" ? "ESTAB" : state === "SYN_RECEIVED" ? "SYN-RECV" : state.replaceAll("_", "-");

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const given = (capture: string, ...texts: string[]): Promise<Report> =>
  analyze([capture], { sockets: texts.map(bytes) });

describe.each(["leaking-http-client", "port-bursts", "stale-pool"])("%s", (name) => {
  it("has the connections of every snapshot of the kernel, in the state that the packets say", async () => {
    const all = snapshots(name).filter((s) => s.sockets.some((x) => x.state !== "LISTEN"));
    const some = all.filter((_, n) => n % Math.ceil(all.length / 12) === 0);
    const report = await given(sample(name), ...some.map((s) => ssText(s)));
    expect(report.sockets).toHaveLength(some.length);
    for (const [n, dump] of report.sockets!.entries()) {
      const connections = some[n]!.sockets.filter((s) => s.state !== "LISTEN").length;
      expect({ ...dump, differing: [] }).toMatchObject({ connections, in_capture: connections, not_in_capture: 0 });
      expect(dump.differing).toEqual([]);
      expect(dump.states!.agree).toBe(connections);
    }
  });
});

describe("a dump beside a capture", () => {
  // Eight seconds before the end of the capture.
  const latest = snapshots("leaking-http-client").find((s) => s.namespace === "client" && s.sockets.length > 120);
  const count = latest!.sockets.length;
  const closeWait = latest!.sockets.filter((x) => x.state === "CLOSE_WAIT").length;
  const client = ssText(latest!, 'users:(("shop",pid=4711,fd=9))');

  it("names the process in the findings and in the diagnosis", async () => {
    const report = await given(sample("leaking-http-client"), client);
    const held = report.findings.filter((f) => f.analysis === "half-closed-connections");
    expect(held).toHaveLength(1);
    expect(held[0]!.metrics).toMatchObject({ process: "shop", pid: 4711, in_dump: closeWait });
    expect(held[0]!.evidence.some((e) => "dump" in e)).toBe(true);
    expect(report.findings.find((f) => f.analysis === "port-exhaustion")!.metrics).toMatchObject({ pid: 4711 });
    expect(report.diagnosis.summary).toContain("192.0.2.1 is shop, process 4711.");
  });

  it("is put into its zone when one zone alone fits the capture", async () => {
    const at = new Date(Date.parse(`${latest!.at.slice(0, 23)}Z`) + 2 * 3_600_000);
    const local = at.toISOString().slice(0, 19).replace("T", " ");
    const report = await given(sample("leaking-http-client"), client.replace(latest!.at, local));
    const [dump] = report.sockets!;
    expect(dump!.taken_at!.slice(0, 19)).toBe(latest!.at.slice(0, 19));
    expect(dump!.states).toEqual({ agree: count, unsure: 0, differ: 0 });
  });

  it("without a time is matched, and no state is judged", async () => {
    const report = await given(sample("leaking-http-client"), client.replace(latest!.at, ""));
    expect(report.sockets![0]).toMatchObject({ taken_at: null, in_capture: count, states: null });
  });

  it("that contradicts the packets is cited by line and flow", async () => {
    const [row] = client.split("\n").filter((line) => line.startsWith("CLOSE-WAIT"));
    const report = await given(
      sample("leaking-http-client"),
      client.replace(row!, row!.replace("CLOSE-WAIT", "LAST-ACK  ")),
    );
    const [dump] = report.sockets!;
    expect(dump!.states).toEqual({ agree: count - 1, unsure: 0, differ: 1 });
    expect(dump!.differing[0]).toMatchObject({ listed: "LAST_ACK", worked_out: "CLOSE_WAIT" });
  });

  it("tells what the capture has no packet of, and how to capture it", async () => {
    const lines = Array.from({ length: 40 }, (_, n) => `CLOSE-WAIT 1 0 127.0.0.1:8280 127.0.0.1:${41_000 + n}`);
    const others = Array.from({ length: 20 }, (_, n) => `ESTAB 0 0 192.0.2.1:${41_000 + n} 203.0.113.9:5432`);
    const text = [latest!.at, "State Recv-Q Send-Q Local Address:Port Peer Address:Port", ...lines, ...others].join(
      "\n",
    );
    const report = await given(sample("leaking-http-client"), text);
    const spots = report.findings.filter((f) => f.metrics.kind === "not-in-capture");
    expect(spots.map((f) => [f.metrics.reason, f.count])).toEqual([
      ["wrong-interface", 40],
      ["not-captured", 20],
    ]);
    expect(spots[0]!.advice.join()).toContain("tcpdump -i lo -s 0 -w incident.pcap 'tcp port 8280'");
    expect(spots[1]!.advice.join()).toContain(
      "tcpdump -i any -s 0 -w incident.pcap 'host 203.0.113.9 and tcp port 5432'",
    );
    expect(report.sockets![0]).toMatchObject({ connections: 60, in_capture: 0, not_in_capture: 60 });
  });

  it("shows what no capture can: bound ports lead the diagnosis", async () => {
    const report = await analyze(["samples/healthy-closes/capture.pcap"], {
      sockets: ["test/sockets/dumps/windows-bound-leak-tcpconnection.txt.gz"],
    });
    expect(report.diagnosis.summary).toMatch(/^pid 5012 holds 15,000 distinct ports bound/);
    expect(report.diagnosis.chain[0]).toMatchObject({ finding: "bound-ports#1", role: "cause" });
  });

  it("that cannot be read is a problem of its own, and the capture is analysed", async () => {
    const report = await analyze(["samples/healthy-closes/capture.pcap"], {
      sockets: ["samples/README.md", "no-such-file"],
    });
    expect(report.sockets!.map((d) => d.problems[0]!.code)).toEqual(["no-dump", "no-such-file"]);
    expect(report.diagnosis.summary).toContain("Nothing wrong was found");
  });
});
