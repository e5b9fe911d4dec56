// Does halfclose extract write what was asked for, say what it did, and refuse what it must?

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { analyze, readFlows } from "../../src/analyze.ts";
import { samplesFolder } from "../samples/samples.ts";
import { Collector, runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "halfclose-extract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SAMPLE = join(samplesFolder, "refused-and-unanswered", "capture.pcap");
const slicePath = (name: string): string => join(folder, name);

/** Standard output as bytes. */
class Bytes extends Writable {
  chunks: Buffer[] = [];
  isTTY = false;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

describe("halfclose extract", () => {
  it("writes connections to a capture of their own, and says what it did on standard error", async () => {
    const output = slicePath("flows.pcapng");
    const ran = await runCli(["extract", SAMPLE, "--flow", "2", "--flow", "0,1", "-o", output, "--no-progress"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe("");
    const { flows } = await readFlows([output]);
    const slice = [...flows];
    const all = [...(await readFlows([SAMPLE])).flows].slice(0, 3);
    expect(slice.map((f) => [f.client, f.server, f.packets, f.ending])).toEqual(
      all.map((f) => [f.client, f.server, f.packets, f.ending]),
    );
    const packets = all.reduce((n, f) => n + f.packets.client + f.packets.server, 0);
    expect(ran.stderr).toContain(`halfclose: ${packets} packets of connections 0, 1, 2, `);
    expect(ran.stderr).toMatch(/halfclose: replaced in it: /);
    expect(readdirSync(folder)).toEqual(["flows.pcapng"]);
  });

  it("writes a finding's connections to a pipe, the same bytes each time", async () => {
    const { findings } = await analyze([SAMPLE]);
    const [id] = findings.map((f) => f.id);
    const bytes = async (): Promise<Buffer> => {
      const stdout = new Bytes();
      const ran = await runCli(["extract", SAMPLE, "--finding", id!, "-o", "-"], { stdout });
      expect(ran.code).toBe(0);
      return Buffer.concat(stdout.chunks);
    };
    const first = await bytes();
    expect(await bytes()).toEqual(first);
    const again = await analyze([new Uint8Array(first)]);
    expect(again.findings.map((f) => f.id)).toContain(id);
  });

  it("leaves out what --max-size forbids, and says how to get it", async () => {
    const output = slicePath("small.pcapng");
    const large = join(samplesFolder, "leaked-pool", "capture.pcap.gz");
    const ran = await runCli(["extract", large, "--finding", "pool-starvation#1", "--max-size", "20kB", "-o", output]);
    expect(ran.code).toBe(0);
    expect(readFileSync(output).length).toBeLessThanOrEqual(20_000);
    expect(ran.stderr).toMatch(/by --max-size, \d+ packets? \(.+\) (was|were) left out.*; a larger one keeps them/);
  });

  it.each([
    [["--flow", "999"], /there is no connection 999: there are 0 to \d+ \(halfclose flows lists them\)/],
    [["--finding", "nonsense#1"], /there is no finding "nonsense#1"; there are: \S+#1/],
    [["--flow", "one"], /--flow.*It is a number/],
    [["--flow", ","], /It names no connection/],
    [["--flow", "0", "--max-size", "8 cows"], /It is a number of bytes/],
    [["--flow", "0", "--max-size", "12"], /--max-size 12 bytes cannot be: give 20 kB to 1.0 GB/],
    [[], /name what to extract/],
  ])("%j is refused in one line", async (flags, message) => {
    const output = slicePath("never.pcapng");
    const ran = await runCli(["extract", SAMPLE, ...flags, "-o", output]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr.trim().split("\n").length).toBe(1);
    expect(readdirSync(folder)).not.toContain("never.pcapng");
  });

  it("does not write to a terminal, over the capture, or nowhere", async () => {
    const terminal = new Collector();
    terminal.isTTY = true;
    const toTerminal = await runCli(["extract", SAMPLE, "--flow", "0", "-o", "-"], { stdout: terminal });
    expect([toTerminal.code, terminal.text]).toEqual([2, ""]);
    expect(toTerminal.stderr).toMatch(/not written to a terminal/);
    const copy = slicePath("original.pcap");
    writeFileSync(copy, readFileSync(SAMPLE));
    const over = await runCli(["extract", copy, "--flow", "0", "-o", copy]);
    expect(over.code).toBe(2);
    expect(over.stderr).toMatch(/is the capture itself/);
    expect(readFileSync(copy)).toEqual(readFileSync(SAMPLE));
    expect((await runCli(["extract", SAMPLE, "--flow", "0"])).stderr).toMatch(/name the file to write with -o/);
    expect((await runCli(["extract"])).stderr).toMatch(/no capture was named/);
  });
});
