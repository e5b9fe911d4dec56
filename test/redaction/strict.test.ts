// Does `--redact strict` leave no address, name or path of the capture in any output, and the findings as they were?

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnalyzeOptions, analyze, readStates } from "../../src/analyze.ts";
import { replaceNames } from "../../src/core/names-in-text.ts";
import { makePseudonyms } from "../../src/core/pseudonyms.ts";
import type { Report } from "../../src/core/report.ts";
import { runCli } from "../cli/run-cli.ts";
import { SAMPLES, sample } from "../cli/samples.ts";

const KEY = "the key of these tests, long and secret";
const ENV = { env: { LANG: "C.UTF-8", HALFCLOSE_REDACT_KEY: KEY } };
const STRICT: AnalyzeOptions = { redact: "strict", redactKey: KEY };
const pseudonyms = makePseudonyms(KEY);

/** What tshark shows in the samples: addresses that are not loopback's or link-local, and host names. */
const ORIGINAL =
  /192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8|(?:shop|prices|storage)\.example|capture\.pcap\b|samples\//;

const onlyAddresses = (text: string): string =>
  replaceNames(text, { address: (a) => pseudonyms.address(a), name: (n) => n });

describe.each(SAMPLES)("%s", (_, capture) => {
  test("no output names a host or a file", async () => {
    for (const argv of [
      ["analyze"],
      ["analyze", "--format", "markdown"],
      ["analyze", "--json", "--detail"],
      ["flows"],
      ["flows", "--json"],
      ["exchanges"],
      ["exchanges", "--json"],
      ["states", "--at", "end"],
      ["states", "--at", "end", "--json"],
      ["states", "--every", "1s", "--json"],
    ]) {
      const { code, stdout, stderr } = await runCli([...argv, capture, "--redact", "strict"], ENV);
      expect(code, stderr).toBe(0);
      if (argv[0] !== "exchanges") expect(stdout.length).toBeGreaterThan(0);
      expect(`${argv.join(" ")}: ${ORIGINAL.exec(stdout + stderr)?.[0]}`).toBe(`${argv.join(" ")}: undefined`);
    }
  });

  test("the report is that of the capture, up to the names", async () => {
    const [plain, strict] = await Promise.all([analyze([capture], {}), analyze([capture], STRICT)]);
    const told = ({ findings, clear, unsure, diagnosis, totals }: Report): string =>
      JSON.stringify({ findings, clear, unsure, diagnosis, totals }, null, 1);
    expect(told(strict)).toBe(onlyAddresses(told(plain)));
    expect(strict.captures.map((c) => c.path)).toEqual(["capture-1.pcap"]);
    expect(strict.redaction).toMatchObject({ level: "strict", key: "given" });
  });
});

test("exchanges: hosts and databases by their pseudonyms, the same for the same name; an address as its packets have it", async () => {
  const [plain, strict] = await Promise.all(
    [{}, STRICT].map((options) => analyze([sample("leaked-pool")], { ...options, detail: true })),
  );
  const hosts = (report: Report): (string | null)[] => report.exchanges!.map((e) => e.request?.host ?? null);
  const pairs = new Map(hosts(plain!).map((host, n) => [host, hosts(strict!)[n]]));
  // By tshark: Host shop.example at the sidecar, 127.0.0.1:8280 at the service; database shop.
  expect(new Set(pairs.keys())).toEqual(new Set(["shop.example", "127.0.0.1:8280", "shop"]));
  expect(pairs.get("127.0.0.1:8280")).toBe("127.0.0.1:8280");
  expect(pairs.get("shop.example")).toMatch(/^[a-z]{4}\.[a-z]{7}$/);
  // One label is one name, as a host of a domain or alone.
  expect(pairs.get("shop.example")!.startsWith(`${pairs.get("shop")}.`)).toBe(true);
  expect(pairs.get("shop")).not.toBe("shop");
});

test("addresses named by the user are those of the capture: --filter, --host", async () => {
  // By tshark: 192.0.2.1 is in all of lossy-path, 203.0.113.2 in a part of it.
  const capture = sample("lossy-path");
  const filter = "host 203.0.113.2";
  const [plain, strict] = await Promise.all([{}, STRICT].map((o) => analyze([capture], { ...o, filter })));
  expect(strict!.totals).toEqual(plain!.totals);
  const hosts = ["192.0.2.0/24=windows"];
  const at = ["end"];
  const states = async (o: AnalyzeOptions): Promise<object[]> => {
    const { states } = await readStates([sample("leaking-http-client")], { ...o, at: ["+200s", ...at] });
    return [...states].map(({ state, flow, since }) => ({ state, flow, since }));
  };
  expect(await states({ ...STRICT, hosts })).toEqual(await states({ hosts }));
  // Windows holds TIME_WAIT four times as long: the setting did something.
  expect(await states({ ...STRICT, hosts })).not.toEqual(await states(STRICT));
});

test("without a key names are of one run, and the report says so; with one it says that they compare", async () => {
  const capture = sample("lossy-path");
  const run = async (env: Record<string, string>): Promise<string> =>
    (await runCli(["analyze", capture, "--redact", "strict"], { env: { LANG: "C.UTF-8", ...env } })).stdout.replace(
      /\s+/g,
      " ",
    );
  const [one, two, given] = [await run({}), await run({}), await run(ENV.env)];
  expect(one).toContain("made with a random key: those of two reports do not compare");
  expect(one).not.toBe(two);
  expect(given).toContain("the same in every report made with the same key");
  expect(given).toBe(await run(ENV.env));
});

describe("what people wrote", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "halfclose-strict-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("a damaged capture: its problem is told without its path", async () => {
    const path = join(folder, "acme-web-1.pcap");
    writeFileSync(path, readFileSync(sample("healthy-closes")).subarray(0, 5000));
    const { stdout, stderr } = await runCli(["analyze", path, "--redact", "strict", "--json"], ENV);
    expect(stdout + stderr).not.toMatch(/acme|halfclose-strict/);
    expect(JSON.parse(stdout).captures[0].problems).toHaveLength(1);
    expect(stderr).toContain("capture-1.pcap: ");
  });

  test("two captures go by their numbers, and frames name theirs", async () => {
    const report = await analyze([sample("lossy-path"), sample("stale-pool")], { ...STRICT, detail: true });
    expect(report.captures.map((c) => c.path)).toEqual(["capture-1.pcap", "capture-2.pcap"]);
    expect(new Set(report.flows!.map((f) => f.file))).toEqual(new Set(["capture-1.pcap", "capture-2.pcap"]));
    expect(report.redaction!.replaced.paths).toBe(2);
  });

  const DUMP = [
    "Netid State      Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
    'tcp   CLOSE-WAIT 1      0      192.0.2.1:40000     192.0.2.77:80    users:(("java",pid=17,fd=3))',
    'tcp   ESTAB      0      0      web-1.acme.example:40002  db.acme.example:5432 users:(("java",pid=17,fd=4))',
    "tcp   ESTAB      0      0      192.0.2.1:40003 garbled acme.example line",
    "tcp   LISTEN     0      128    0.0.0.0:22          0.0.0.0:*",
    "",
  ].join("\n");

  test.each([["--json"], ["--format", "text"], ["--format", "markdown"]])("a socket dump: %s %s", async (...flags) => {
    const path = join(folder, "acme-dump.txt");
    writeFileSync(path, DUMP);
    const { code, stdout, stderr } = await runCli(["sockets", path, ...flags, "--redact", "strict"], ENV);
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toMatch(/acme|192\.0\.2\.|halfclose-strict|garbled/);
    if (flags[0] !== "--json") return;
    const dump = JSON.parse(stdout);
    expect(dump.source).toBe("dump-1.txt");
    expect(dump.by_process).toEqual([
      expect.objectContaining({ process: "java", pid: 17, sockets: 2 }),
      expect.anything(),
    ]);
    const remotes = dump.by_peer.map((p: { remote: { address: string } }) => p.remote.address);
    expect(remotes).toContain(pseudonyms.address("192.0.2.77"));
    expect(remotes).toContain(pseudonyms.hostName("db.acme.example"));
    expect(dump.unread).toEqual([{ line: 4, text: "REDACTED" }]);
    expect(dump.redaction.replaced).toMatchObject({ addresses: 2, "host names": 2, paths: 1, "unread lines": 1 });
  });

  test("dumps beside a capture still match its flows, with a random key too", async () => {
    const dumps = join(sample("leaked-pool-dumps"), "..", "dumps");
    const run = async (options: AnalyzeOptions) =>
      (await analyze([sample("leaked-pool-dumps")], { ...options, sockets: [dumps] })).sockets!;
    const matched = (of: Awaited<ReturnType<typeof run>>) => of.map(({ source: _, problems: __, ...rest }) => rest);
    const [plain, strict] = [await run({}), await run({ redact: "strict" })];
    expect(matched(strict)).toEqual(matched(plain));
    expect(strict.map((d) => d.source).filter((s) => s !== "")).toEqual(
      expect.arrayContaining([expect.stringMatching(/^dump-\d+\.txt(?:#\d+)?$/)]),
    );
    expect(JSON.stringify(strict)).not.toContain("dumps/");
  });

  test("a dump of other hosts than loopback matches the capture that was taken there", async () => {
    // Rows of one flow of lossy-path, as tshark has its first: both ends.
    const { flows } = await analyze([sample("lossy-path")], { detail: true });
    const { client, server } = flows![0]!;
    const text = [
      "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port",
      `tcp ESTAB 0 0 ${client.address}:${client.port} ${server.address}:${server.port}`,
      "",
    ].join("\n");
    const sockets = [new TextEncoder().encode(text)];
    const [plain, strict] = await Promise.all(
      [{}, { redact: "strict" as const }].map((o) => analyze([sample("lossy-path")], { ...o, sockets })),
    );
    expect(plain!.sockets![0]).toMatchObject({ connections: 1, in_capture: 1 });
    expect(strict!.sockets![0]).toMatchObject({ connections: 1, in_capture: 1 });
  });
});
