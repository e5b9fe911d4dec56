// A network for `halfclose interfaces`: a machine, a machine far away, and a container behind a bridge, as network namespaces.
//
//   far  192.0.2.2, 203.0.113.130 ── e0 192.0.2.1 ┐
//                     mv0 .129   │ machine: lo 127.0.0.1, 203.0.113.5; d0 192.0.2.129 (down)
//   container 198.51.100.2 ── p0 ─ br0 198.51.100.1

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Sockets that listen: [namespace, address, port, more of Python's socket calls]. */
const LISTENER = `
import json, selectors, socket, sys
kept = selectors.DefaultSelector()
for address, port, options in json.loads(sys.argv[1]):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if "v6only" in options else 0)
    if "device" in options:
        s.setsockopt(socket.SOL_SOCKET, 25, options["device"].encode())
    s.bind((address, port))
    s.listen(64)
    kept.register(s, selectors.EVENT_READ, True)
if len(sys.argv) > 2:
    open("/proc/self/comm", "wb").write(sys.argv[2].encode("utf-8"))
print("ready", flush=True)
while True:
    for key, _ in kept.select():
        if key.data:
            kept.register(key.fileobj.accept()[0], selectors.EVENT_READ, False)
        elif not key.fileobj.recv(4096):
            kept.unregister(key.fileobj)
            key.fileobj.close()
`;
/** Connects, and holds the connections until its input ends. Each ends when its caller does. */
const CALLER = `
import json, socket, sys
kept = []
for address, port, source in json.loads(sys.argv[1]):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.settimeout(2)
    if source:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", source))
    try:
        s.connect((address, port))
        kept.append(s)
        print("connected", address, port, flush=True)
    except OSError as e:
        print("failed", address, port, e, flush=True)
print("done", flush=True)
sys.stdin.read()
`;
const SYN = "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn or (ip6 and ip6[6] == 6 and ip6[53] & 18 == 2)";
const PATIENCE_MS = 20_000;

export type Listening = readonly [address: string, port: number, options?: { device?: string; v6only?: true }];
export type Call = readonly [address: string, port: number, source?: number];

export const ip = (...args: string[]): string =>
  execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export class TestNet {
  readonly machine: string;
  readonly far: string;
  readonly container: string;
  private readonly children: ChildProcess[] = [];

  constructor(tag: string) {
    const base = `hc-c${process.pid}${tag}`;
    this.machine = `${base}-m`;
    this.far = `${base}-f`;
    this.container = `${base}-c`;
  }

  make(): void {
    const { machine: m, far: f, container: c } = this;
    for (const name of [m, f, c]) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
    }
    ip("-n", m, "link", "add", "e0", "type", "veth", "peer", "name", "f0", "netns", f);
    ip("-n", m, "link", "add", "br0", "type", "bridge");
    ip("-n", m, "link", "add", "p0", "type", "veth", "peer", "name", "c0", "netns", c);
    ip("-n", m, "link", "set", "p0", "master", "br0");
    ip("-n", m, "link", "add", "mv0", "link", "e0", "type", "macvlan", "mode", "bridge");
    ip("-n", m, "link", "add", "d0", "type", "veth", "peer", "name", "d1");
    for (const [name, device, address] of [
      [m, "e0", "192.0.2.1/25"],
      [m, "e0", "2001:db8:1::1/64"],
      [m, "mv0", "203.0.113.129/25"],
      [m, "br0", "198.51.100.1/24"],
      [m, "lo", "203.0.113.5/32"],
      [m, "d0", "192.0.2.129/32"],
      [f, "f0", "192.0.2.2/25"],
      [f, "f0", "203.0.113.130/25"],
      [f, "f0", "2001:db8:1::2/64"],
      [c, "c0", "198.51.100.2/24"],
    ] as const) {
      ip("-n", name, "address", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : []));
    }
    for (const [name, device] of [
      [m, "e0"],
      [m, "mv0"],
      [m, "p0"],
      [m, "br0"],
      [f, "f0"],
      [c, "c0"],
    ] as const) {
      ip("-n", name, "link", "set", device, "up");
    }
    // Or e0 would answer for the address of mv0, and take its packets.
    ip("netns", "exec", m, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
    ip("-n", m, "route", "add", "default", "via", "192.0.2.2");
    ip("-n", f, "route", "add", "203.0.113.5/32", "via", "192.0.2.1");
    ip("-n", f, "route", "add", "192.0.2.129/32", "via", "192.0.2.1");
    ip("-n", c, "route", "add", "default", "via", "198.51.100.1");
  }

  /** Listens until the end; resolves to the process when it does. */
  async listen(namespace: string, sockets: readonly Listening[], comm?: string): Promise<ChildProcess> {
    const args = sockets.map(([address, port, options = {}]) => [address, port, options]);
    const child = this.spawn(namespace, "python3", [
      "-c",
      LISTENER,
      JSON.stringify(args),
      ...(comm === undefined ? [] : [comm]),
    ]);
    await lineOf(child, (line) => line === "ready");
    return child;
  }

  /** Calls, and holds the connections until `hangUp`. Resolves to what became of each. */
  async call(namespace: string, calls: readonly Call[]): Promise<{ said: string[]; hangUp: () => Promise<void> }> {
    const args = calls.map(([address, port, source = 0]) => [address, port, source]);
    const child = this.spawn(namespace, "python3", ["-c", CALLER, JSON.stringify(args)]);
    const said = await lineOf(child, (line) => line === "done");
    const hangUp = async (): Promise<void> => {
      child.stdin!.end();
      if (child.exitCode === null) await once(child, "exit");
    };
    return { said, hangUp };
  }

  /** Counts the SYNs that pass an interface, by port called. */
  async count(namespace: string, device: string, filter = SYN): Promise<SynCounter> {
    const child = this.spawn(namespace, "tcpdump", [
      "-i",
      device,
      "-nn",
      "-l",
      "--immediate-mode",
      "-s",
      "200",
      filter,
    ]);
    const counter = new SynCounter(child);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`tcpdump on ${device} did not start`)), PATIENCE_MS);
      child.stderr!.on("data", (bytes: Buffer) => {
        if (!bytes.toString().includes("listening on")) return;
        clearTimeout(timer);
        resolve();
      });
    });
    return counter;
  }

  private spawn(namespace: string, program: string, args: readonly string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", namespace, program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.children.push(child);
    return child;
  }

  remove(): void {
    for (const child of this.children) child.kill("SIGKILL");
    for (const name of [this.machine, this.far, this.container]) {
      try {
        ip("netns", "del", name);
      } catch {
        // It was not made.
      }
    }
  }
}

export class SynCounter {
  /** `port from source port`, as they pass. */
  private readonly seen: { port: number; source: number }[] = [];

  constructor(child: ChildProcess) {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const m = /\.(\d+) > \S+\.(\d+): /.exec(line);
      if (m !== null) this.seen.push({ source: Number(m[1]), port: Number(m[2]) });
    });
  }

  /** Waits until a call from this port has passed: all that passed before it has been counted then. */
  async until(source: number): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!this.seen.some((s) => s.source === source)) {
      if (Date.now() > end) throw new Error(`no call from port ${source} passed`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  ports(): Set<number> {
    return new Set(this.seen.map((s) => s.port));
  }

  times(port: number): number {
    return this.seen.filter((s) => s.port === port).length;
  }

  forget(): void {
    this.seen.length = 0;
  }
}

function lineOf(child: ChildProcess, isLast: (line: string) => boolean): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let errors = "";
    const timer = setTimeout(() => reject(new Error(`no answer: ${errors}`)), PATIENCE_MS);
    child.stderr!.on("data", (bytes: Buffer) => {
      errors += bytes.toString();
    });
    child.on("exit", () => reject(new Error(`it ended: ${errors}`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (!isLast(line)) {
        lines.push(line);
        return;
      }
      clearTimeout(timer);
      resolve(lines);
    });
  });
}
