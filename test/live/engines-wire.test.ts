// Do the engines bring what is on the wire, all of it, as tcpdump does by itself? Live, on the loopback of a network namespace.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capDeviceNames } from "../../src/capture/live/cap-module.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { readAll, type Seen } from "../capture/build.ts";
import { installed, isRoot } from "./installed.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = join(ROOT, "node_modules/@types/node");
const DRIVER = fileURLToPath(new URL("./engines-driver.mjs", import.meta.url));
const compiled = existsSync(join(ROOT, "node_modules/cap/build/Release/cap.node"));
const possible =
  isRoot &&
  compiled &&
  installed("tcpdump", "dumpcap", "unshare", "ip") &&
  spawnSync("unshare", ["--net", "ip", "link", "set", "lo", "up"]).status === 0;

describe.skipIf(!possible)("on the wire (needs root, tcpdump, dumpcap, iproute2 and npm's cap compiled)", () => {
  let folder = "";
  const driver = (what: string): string[] => {
    const inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
    return ["--net", ...inside, process.execPath, DRIVER, join(folder, "dist"), what, folder];
  };
  const drive = (what: string) => {
    const { stdout, stderr, status } = spawnSync("unshare", driver(what), { encoding: "utf8", timeout: 50_000 });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const records = async (name: string): Promise<Seen[]> =>
    (await readAll([sourceFromBytes(name, readFileSync(join(folder, name)))])).records;
  const untimed = ({ data, original, frame }: Seen) => `${frame} ${original} ${Buffer.from(data).toString("base64")}`;
  const seconds = (ns: bigint) => Math.abs(Number(ns)) / 1e9;
  const stampedAlike = (one: readonly Seen[], other: readonly Seen[]): void => {
    expect(one.some(({ epoch }) => epoch % 1000n !== 0n)).toBe(true);
    for (const [n, { epoch }] of one.entries()) expect(seconds(epoch - other[n].epoch)).toBeLessThan(0.05);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "halfclose-engines-"));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const project = join(folder, "tsconfig.json");
    const compilerOptions = { noEmit: false, rootDir: ROOT, outDir: join(folder, "dist"), types: [TYPES] };
    const include = [join(ROOT, "src/capture/live")];
    writeFileSync(project, JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions, include }));
    expect(spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" }).stdout).toBe("");
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("each engine has every packet that tcpdump's own file has", async () => {
    const told = drive("all");
    const own = await records("own.pcap");
    expect(own.length).toBeGreaterThan(1000);
    expect(own.some(({ original }) => original > 60_000)).toBe(true);

    // The same file as tcpdump wrote by itself, but for the times: the kernel stamps a packet for each socket (packet(7), tpacket_rcv).
    const tcpdump = await records("tcpdump");
    expect(readFileSync(join(folder, "tcpdump")).subarray(0, 24)).toEqual(
      readFileSync(join(folder, "own.pcap")).subarray(0, 24),
    );
    expect(tcpdump.map(untimed)).toEqual(own.map(untimed));
    stampedAlike(tcpdump, own);
    expect(told.tcpdump).toMatchObject({
      timestamps: "kernel",
      failure: null,
      statistics: { received: own.length, dropped: 0 },
      version: expect.stringMatching(/^tcpdump \d+\.\d+\.\d+, libpcap \d/),
    });

    const dumpcap = await records("dumpcap");
    expect(dumpcap.map(untimed)).toEqual(own.map(untimed));
    stampedAlike(dumpcap, own);
    expect(told.dumpcap).toMatchObject({ failure: null, statistics: { received: own.length, dropped: 0 } });

    const cap = await records("cap");
    expect(await capDeviceNames()).toContain("lo");
    expect(told.cap).toMatchObject({
      version: "npm cap 0.2.1",
      timestamps: "process",
      failure: null,
      statistics: { received: own.length, dropped: null },
    });
    // cap keeps 65,535 bytes; of what is longer the length is known.
    expect(cap.map(untimed)).toEqual(own.map((seen) => untimed({ ...seen, data: seen.data.slice(0, 65_535) })));
    for (let n = 1; n < cap.length; n++) expect(cap[n].epoch).toBeGreaterThanOrEqual(cap[n - 1].epoch);
    for (let n = 0; n < own.length; n++) expect(seconds(cap[n].epoch - own[n].epoch)).toBeLessThan(2);
  });

  test("several interfaces: dumpcap, with one description for each", async () => {
    const told = drive("several");
    expect(told).toMatchObject({ failure: null, statistics: { dropped: 0 } });
    expect((await records("several")).length).toBeGreaterThan(1000);
  });

  test("an interface that is removed ends the capture, and nothing else", () => {
    const told = drive("gone");
    for (const engine of ["dumpcap", "tcpdump", "cap"]) {
      expect(told[engine].failure, engine).toMatchObject({
        code: "interface-gone",
        message: expect.stringContaining("hc0"),
      });
    }
  });

  test.each(["dumpcap", "tcpdump", "cap"])(
    "killed with -9, it leaves no %s behind, though no packet comes",
    async (engine) => {
      const program = spawn("unshare", driver(`hold-${engine}`), { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = await once(program.stdout, "data");
      const children = JSON.parse(String(line)) as number[];
      expect(children.length).toBeGreaterThanOrEqual(2);
      const alive = () => children.filter((pid) => !/^\d+ \(.*\) [ZX]/.test(stat(pid)));
      expect(alive()).toEqual(children);
      program.kill("SIGKILL");
      await expect.poll(alive, { timeout: 10_000, interval: 20 }).toEqual([]);
    },
  );
});

/** proc_pid_stat(5); as of a zombie when there is none. */
function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return `${pid} (gone) X`;
  }
}
