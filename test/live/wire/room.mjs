// What does a live run have at hand? Network namespaces of its own, programs in them, a folder, small disks.
//
// Whatever is made here is gone after close(), however the run went. Only processes that were started here, or that live in a
// namespace that was made here, are ever ended.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks every 20 ms; resolves to what `ask` gave as soon as that is truthy, to null after `withinMs`. */
export async function until(ask, withinMs) {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) return null;
    await sleep(20);
  }
}

/** A program under way: its lines, each with the time of its arrival, and its end. */
export class Child {
  stdout = "";
  stderr = "";
  /** {stream, text, at: milliseconds since 1970} */
  lines = [];
  /** {code, signal, at}, once it has ended and its pipes are closed. */
  end = null;
  #partial = { stdout: "", stderr: "" };

  constructor(command, { env = process.env, cwd } = {}) {
    this.command = command;
    this.process = spawn(command[0], command.slice(1), { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.pid = this.process.pid;
    for (const stream of ["stdout", "stderr"]) {
      this.process[stream].setEncoding("utf8").on("data", (text) => this.#take(stream, text));
    }
    this.ended = new Promise((resolve) => {
      const finish = (code, signal) => {
        this.end ??= { code, signal, at: Date.now() };
        resolve(this.end);
      };
      this.process.on("error", () => finish(127, null));
      this.process.on("close", finish);
    });
  }

  #take(stream, text) {
    this[stream] += text;
    const at = Date.now();
    const parts = (this.#partial[stream] + text).split("\n");
    this.#partial[stream] = parts.pop();
    for (const part of parts) this.lines.push({ stream, text: part, at });
  }

  signal(name) {
    if (this.end === null) this.process.kill(name);
  }

  /** Resolves to the end, or to null when it takes longer. */
  within(ms) {
    return Promise.race([this.ended, sleep(ms).then(() => this.end)]);
  }

  /** The first line that fits. */
  said(pattern, withinMs) {
    return until(() => this.lines.find(({ text }) => pattern.test(text)) ?? (this.end ? "ended" : null), withinMs).then(
      (line) => (line === "ended" ? (this.lines.find(({ text }) => pattern.test(text)) ?? null) : line),
    );
  }
}

/** One host: a namespace with its loopback interface up. */
class Host {
  constructor(room, name) {
    this.room = room;
    this.namespace = name;
    execFileSync("ip", ["netns", "add", name]);
    room.hosts.push(this);
    execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
  }

  /** `ip netns exec` becomes the program: the process started is the program's own. */
  start(command, options) {
    const child = new Child(["ip", "netns", "exec", this.namespace, ...command], options);
    this.room.children.push(child);
    return child;
  }

  /** A program of traffic/, which gets its wishes as JSON and says "ready" when there is something to wait for. */
  traffic(name, wishes) {
    return this.start([process.execPath, join(import.meta.dirname, "traffic", `${name}.mjs`), JSON.stringify(wishes)]);
  }

  async server(name, wishes) {
    const child = this.traffic(name, wishes);
    if ((await child.said(/^ready/, 10_000)) === null) throw new Error(`${name}: ${child.stderr || "not ready"}`);
    return child;
  }

  run(...command) {
    return execFileSync("ip", ["netns", "exec", this.namespace, ...command], { encoding: "utf8", maxBuffer: 1 << 28 });
  }

  sysctl(settings) {
    for (const [name, value] of Object.entries(settings)) this.run("sysctl", "-qw", `net.ipv4.${name}=${value}`);
  }

  /** Of everything that runs in this namespace, whoever its parent is. */
  pids() {
    return execFileSync("ip", ["netns", "pids", this.namespace], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean)
      .map(Number);
  }
}

export class Room {
  hosts = [];
  children = [];
  figures = [];
  faults = [];
  #mounts = [];
  #closed = null;

  constructor(name) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), `halfclose-wire-${name}-`));
  }

  host(name = "a") {
    return new Host(this, `hc-${process.pid}-${this.name.slice(0, 24)}-${name}`);
  }

  /** Two hosts and a wire: 192.0.2.1 on v0 of the first, 192.0.2.2 on v0 of the second. */
  pair() {
    const [a, b] = [this.host("a"), this.host("b")];
    execFileSync("ip", [
      "-n",
      a.namespace,
      "link",
      "add",
      "v0",
      "type",
      "veth",
      "peer",
      "name",
      "v0",
      "netns",
      b.namespace,
    ]);
    for (const [host, address] of [
      [a, "192.0.2.1/24"],
      [b, "192.0.2.2/24"],
    ]) {
      execFileSync("ip", ["-n", host.namespace, "address", "add", address, "dev", "v0"]);
      execFileSync("ip", ["-n", host.namespace, "link", "set", "v0", "up"]);
    }
    return [a, b];
  }

  path(name) {
    return join(this.folder, name);
  }

  /** A disk of so many bytes. */
  disk(name, bytes) {
    const path = this.path(name);
    mkdirSync(path);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "halfclose-wire", path]);
    this.#mounts.push(path);
    return path;
  }

  /** A line of the result. */
  figure(what, value) {
    this.figures.push([what, String(value)]);
  }

  /** What must be so; said as what is wrong when it is not. */
  hold(isSo, fault) {
    if (!isSo) this.faults.push(fault);
    return isSo;
  }

  /** Once, whoever asks: the end of the run or a signal. */
  close(options) {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async #close({ keep = false } = {}) {
    for (const child of this.children) child.signal("SIGKILL");
    await Promise.all(this.children.map((child) => child.within(2000)));
    for (const host of this.hosts) {
      for (const pid of host.pids()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended in between.
        }
      }
      execFileSync("ip", ["netns", "delete", host.namespace]);
    }
    for (const path of this.#mounts) execFileSync("umount", ["-l", path]);
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}
