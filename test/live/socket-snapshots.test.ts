// Is a snapshot read back whole, with its time, and does it fit the packets beside it? And what if the system has no such command?

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { type Listing, type ListingLimits, runListing } from "../../src/live/session/run-listing.ts";
import { SocketSnapshots } from "../../src/live/session/socket-snapshots.ts";
import { readSockets } from "../../src/read-sockets.ts";

const folder = mkdtempSync(join(tmpdir(), "halfclose-snapshots-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const textOf = async (snapshots: SocketSnapshots): Promise<string> => {
  const snapshot = await snapshots.take();
  if ("problem" in snapshot) throw new Error(snapshot.problem);
  return snapshot.text;
};
const inputOf = (text: string) => sourceFromBytes("x.sockets.txt", new TextEncoder().encode(text));

describe("which command is taken", () => {
  const printed: Listing = { kind: "printed", text: "State\n", at: 0, isCut: false };
  const missing: Listing = { kind: "missing", reason: "no ss here" };
  const slow: Listing = { kind: "slow", reason: "ss -twanop took more than 4 s" };
  /** Answers in order; what was asked is written down. */
  const fake = (answers: Listing[]) => {
    const asked: string[] = [];
    const run = async (command: readonly string[]): Promise<Listing> => {
      asked.push(command.join(" "));
      return answers.shift()!;
    };
    return { asked, run };
  };

  it("is found out once", async () => {
    const { asked, run } = fake([missing, missing, printed, printed]);
    const snapshots = new SocketSnapshots("linux", run);
    expect(await textOf(snapshots)).toBe("1970-01-01T00:00:00.000Z $ netstat -tanop\nState\n");
    await snapshots.take();
    expect(asked).toEqual(["ss -twanop", "ss -twano", "netstat -tanop", "netstat -tanop"]);
  });

  it("changes when it has become too slow, and not when it fails once", async () => {
    const refused: Listing = { kind: "refused", reason: "ss -twanop failed (signal SIGINT)" };
    const { asked, run } = fake([printed, refused, slow, printed, printed]);
    const snapshots = new SocketSnapshots("linux", run);
    await snapshots.take();
    expect(await snapshots.take()).toEqual({ problem: "ss -twanop failed (signal SIGINT)" });
    expect(await snapshots.take()).toHaveProperty("text");
    await snapshots.take();
    expect(asked).toEqual(["ss -twanop", "ss -twanop", "ss -twanop", "ss -twano", "ss -twano"]);
  });

  it("is a reason in one line when there is none", async () => {
    const { run } = fake([missing, missing, { kind: "missing", reason: "no netstat here" }, missing]);
    expect(await new SocketSnapshots("linux", run).take()).toEqual({ problem: "no ss here; no netstat here" });
  });

  it("says what was cut", async () => {
    const { run } = fake([{ kind: "printed", text: "State\n", at: 0, isCut: true }]);
    expect(await textOf(new SocketSnapshots("linux", run))).toMatch(
      /\n# cut at 16 MB: more sockets were there than are listed\n$/,
    );
  });
});

describe.skipIf(process.platform === "win32")("a command that runs", () => {
  const limits: ListingLimits = { timeoutMs: 5000, maxBytes: 1000 };

  it("is bounded in size, in whole lines", async () => {
    const listing = await runListing(["sh", "-c", "while :; do echo 123456789; done"], limits);
    expect(listing).toMatchObject({ kind: "printed", isCut: true });
    expect((listing as { text: string }).text).toBe("123456789\n".repeat(100));
  });

  it("is bounded in time, also when it has children that hold its output", async () => {
    const begun = performance.now();
    const listing = await runListing(["sh", "-c", "sleep 30 & sleep 30"], { ...limits, timeoutMs: 200 });
    expect(listing.kind).toBe("slow");
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it("may be missing, or fail with words of its own", async () => {
    expect(await runListing(["no-such-command-here"], limits)).toEqual({
      kind: "missing",
      reason: "no no-such-command-here here",
    });
    expect(await runListing(["sh", "-c", "echo one >&2; echo two >&2; exit 3"], limits)).toEqual({
      kind: "refused",
      reason: "sh -c echo one >&2; echo two >&2; exit 3 failed (one)",
    });
    expect(await runListing([folder], limits)).toMatchObject({ kind: "refused" });
  });
});

const space = `hc-b${process.pid}`;
const has = (...command: [string, ...string[]]): boolean => spawnSync(command[0], command.slice(1)).status === 0;
const hasAll =
  has("ss", "-V") && has("tcpdump", "--version") && has("python3", "--version") && has("ip", "netns", "add", space);
if (hasAll) spawnSync("ip", ["netns", "exec", space, "ip", "link", "set", "lo", "up"]);
afterAll(() => {
  if (hasAll) spawnSync("ip", ["netns", "del", space]);
});

/** A service that keeps what its peers have closed (CLOSE_WAIT), and peers of it. It says so, and waits. */
const SCENARIO = `
import socket, sys
server = socket.create_server(("127.0.0.1", 8280), backlog=64)
peers = [socket.create_connection(("127.0.0.1", 8280)) for _ in range(9)]
held = [server.accept()[0] for _ in peers]
six = socket.create_server(("::1", 8281), family=socket.AF_INET6)
bound = socket.socket(); bound.bind(("127.0.0.1", 8282))
for peer, end in zip(peers, held):
    peer.sendall(b"GET / HTTP/1.1\\r\\nHost: shop.example\\r\\n\\r\\n")
    end.recv(100)
    end.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    peer.recv(100)
for peer in peers[:5]: peer.close()
print("ready", flush=True)
sys.stdin.read()
`;

describe.skipIf(!hasAll)("a real snapshot (ip netns, tcpdump, ss: root on Linux)", () => {
  const children: ReturnType<typeof spawn>[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  const inSpace = (...command: string[]) => {
    const child = spawn("ip", ["netns", "exec", space, ...command]);
    children.push(child);
    return child;
  };

  it("is read back without an unread line, with its time, and matches every connection of a capture", async () => {
    const capture = join(folder, "x.pcap");
    // In immediate mode the kernel keeps a slot of the whole snap length for each packet: 2 MB have eight of the usual length.
    const tcpdump = inSpace("tcpdump", "-i", "lo", "--immediate-mode", "-s", "1000", "-U", "-w", capture, "tcp");
    await once(tcpdump.stderr, "data");
    const scenario = inSpace("python3", "-c", SCENARIO);
    await once(scenario.stdout, "data");
    const before = Date.now();
    const snapshots = new SocketSnapshots("linux", (command, limits) =>
      runListing(["ip", "netns", "exec", space, ...command], limits),
    );
    const text = await textOf(snapshots);
    const after = Date.now();
    // The capture goes on for a moment, as it does when snapshots are taken beside it.
    for (let size = -1, same = 0, turn = 0; same < 10 && turn < 200; turn++) {
      const now = statSync(capture).size;
      same = now === size ? same + 1 : 0;
      size = now;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    tcpdump.kill("SIGTERM");
    await once(tcpdump, "close");

    const [dump] = [...(await readSockets([inputOf(text + text)])).dumps];
    expect(dump).toMatchObject({ format: "ss", unread_lines: 0 });
    const taken = Date.parse(dump!.taken_at!);
    expect(taken).toBeGreaterThanOrEqual(before);
    expect(taken).toBeLessThanOrEqual(after);

    const path = join(folder, "x.sockets.txt");
    writeFileSync(path, text);
    const report = await analyze([sourceFromBytes(capture, readFileSync(capture))], { sockets: [inputOf(text)] });
    // Both ends of 9 connections: 4 are open, 5 are FIN_WAIT_2 and CLOSE_WAIT.
    expect(report.sockets).toMatchObject([
      { format: "ss", connections: 18, in_capture: 18, not_in_capture: 0, unread_lines: 0, problems: [] },
    ]);
    expect(report.sockets![0]!.states).toMatchObject({ differ: 0 });
    expect(text).toMatch(/users:\(\("python3",pid=\d+/);
  });
});
