// Is each service seen on the interfaces that `halfclose interfaces` names, and on no other? The kernel says, by tcpdump's count.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Call, ip, type Listening, type SynCounter, TestNet } from "./interfaces-net.ts";
import { BUILD_MS, type BuiltProgram, build, has, run } from "./interfaces-program.ts";

const canRun =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  has("ip", "-V") &&
  has("tcpdump", "--version") &&
  has("python3", "-V");

interface Seen {
  interface: string;
  callers: "here" | "elsewhere";
  connections: number;
  command: string;
}
interface ServiceObject {
  local: { address: string; port: number };
  families: string[] | null;
  device: string | null;
  processes: { pid: number; name: string }[];
  capture: Seen[];
  hints: string[];
}
interface Answer {
  services: ServiceObject[];
  interfaces: {
    name: string;
    kind: string;
    state: string;
    link: string | null;
    link_elsewhere: boolean;
    other_end: { interface: string; process: { pid: number } | null } | null;
    master: string | null;
  }[];
  namespaces: {
    name: string | null;
    inode: number | null;
    process: { pid: number; name: string };
    services: ServiceObject[];
  }[];
  way: { interface: string } | null;
  remarks: string[];
}

const LISTENING: readonly Listening[] = [
  ["127.0.0.1", 7001],
  ["0.0.0.0", 7002],
  ["192.0.2.1", 7003],
  ["::", 7004],
  ["::", 7005, { v6only: true }],
  ["::1", 7006],
  ["203.0.113.5", 7007],
  ["192.0.2.129", 7008],
  ["0.0.0.0", 7009, { device: "e0" }],
  ["198.51.100.1", 7010],
  ["203.0.113.129", 7011],
];
const HERE: readonly Call[] = [
  ["127.0.0.1", 7001],
  ["127.0.0.1", 7002],
  ["192.0.2.1", 7002],
  ["198.51.100.1", 7002],
  ["192.0.2.1", 7003],
  ["192.0.2.1", 7004],
  ["2001:db8:1::1", 7004],
  ["2001:db8:1::1", 7005],
  ["::1", 7006],
  ["203.0.113.5", 7007],
  ["198.51.100.1", 7010],
  ["203.0.113.129", 7011],
];
const FAR: readonly Call[] = [
  ["192.0.2.1", 7002],
  ["192.0.2.1", 7003],
  ["192.0.2.1", 7004],
  ["2001:db8:1::1", 7004],
  ["2001:db8:1::1", 7005],
  ["203.0.113.5", 7007],
  ["192.0.2.1", 7009],
];
const CONTAINED: readonly Call[] = [
  ["198.51.100.1", 7002],
  ["198.51.100.1", 7004],
  ["198.51.100.1", 7010],
];
/** Last of all, from ports of their own: what has passed before is counted then. */
const LAST = 40_999;
const DEVICES = ["lo", "e0", "br0", "p0", "mv0"] as const;

describe.skipIf(!canRun)("in network namespaces (root, ip, tcpdump, python3)", () => {
  const net = new TestNet("a");
  let built: BuiltProgram;
  const counters = new Map<string, SynCounter>();
  const inMachine = (...args: string[]) => run(built, ["ip", "netns", "exec", net.machine], ...args);
  const answer = (...args: string[]): Answer => JSON.parse(inMachine(...args, "--json").stdout);
  const serviceAt = (port: number, all = answer()): ServiceObject => all.services.find((s) => s.local.port === port)!;

  beforeAll(async () => {
    built = build();
    net.make();
    await net.listen(net.machine, LISTENING);
    await net.listen(net.container, [
      ["127.0.0.1", 7020],
      ["0.0.0.0", 7021],
    ]);
    for (const device of DEVICES) counters.set(device, await net.count(net.machine, device));
  }, BUILD_MS);
  afterAll(() => {
    net.remove();
    built.remove();
  });

  /** By port, the interfaces on which its SYNs were counted. */
  function observed(): Map<number, Set<string>> {
    const found = new Map<number, Set<string>>();
    for (const [device, counter] of counters) {
      for (const port of counter.ports()) found.set(port, (found.get(port) ?? new Set()).add(device));
      counter.forget();
    }
    return found;
  }

  /** On a further port, so that the counts of the services are their own. */
  const LAST_PORT = 7090;
  beforeAll(async () => {
    if (canRun) await net.listen(net.machine, [["0.0.0.0", LAST_PORT]]);
  });

  test("callers on this machine are seen on lo, whichever address they call, and nowhere else", async () => {
    const { said, hangUp } = await net.call(net.machine, [...HERE, ["127.0.0.1", LAST_PORT, LAST]]);
    expect(said.filter((line) => line.startsWith("failed"))).toEqual([]);
    await counters.get("lo")!.until(LAST);
    const all = answer();
    await hangUp();
    const seen = observed();
    for (const port of new Set(HERE.map((call) => call[1]))) {
      const named = serviceAt(port, all).capture.filter((c) => c.callers === "here");
      expect(
        named.map((c) => c.interface),
        `named of ${port}`,
      ).toEqual(["lo"]);
      expect([...seen.get(port)!], `counted of ${port}`).toEqual(["lo"]);
      expect(named[0]!.connections, `connections of ${port}`).toBe(HERE.filter((call) => call[1] === port).length);
    }
  });

  test("callers from another machine are seen on the interface named, and nowhere else", async () => {
    const { said, hangUp } = await net.call(net.far, [...FAR, ["192.0.2.1", LAST_PORT, LAST]]);
    expect(said.filter((line) => line.startsWith("failed"))).toEqual([]);
    await counters.get("e0")!.until(LAST);
    const all = answer();
    await hangUp();
    const seen = observed();
    for (const port of new Set(FAR.map((call) => call[1]))) {
      const named = serviceAt(port, all).capture.filter((c) => c.callers === "elsewhere" && c.connections > 0);
      expect(
        named.map((c) => c.interface),
        `named of ${port}`,
      ).toEqual(["e0"]);
      expect([...seen.get(port)!], `counted of ${port}`).toEqual(["e0"]);
      expect(named[0]!.connections).toBe(FAR.filter((call) => call[1] === port).length);
    }
  });

  test("callers in a container are seen on the bridge that is named, and on its port", async () => {
    const { said, hangUp } = await net.call(net.container, [...CONTAINED, ["198.51.100.1", LAST_PORT, LAST]]);
    expect(said.filter((line) => line.startsWith("failed"))).toEqual([]);
    await counters.get("br0")!.until(LAST);
    await counters.get("p0")!.until(LAST);
    const all = answer();
    await hangUp();
    const seen = observed();
    for (const port of new Set(CONTAINED.map((call) => call[1]))) {
      const named = serviceAt(port, all).capture.filter((c) => c.callers === "elsewhere" && c.connections > 0);
      expect(named.map((c) => c.interface)).toEqual(["br0"]);
      expect([...seen.get(port)!].sort()).toEqual(["br0", "p0"]);
    }
  });

  test("any sees all of them: from here once, from a container on the bridge and on its port", async () => {
    const any = await net.count(net.machine, "any");
    const here = await net.call(net.machine, [["127.0.0.1", 7001]]);
    const far = await net.call(net.far, [["192.0.2.1", 7003]]);
    const contained = await net.call(net.container, [
      ["198.51.100.1", 7010],
      ["198.51.100.1", LAST_PORT, LAST],
    ]);
    await expect.poll(() => any.times(LAST_PORT), { timeout: 20_000 }).toBe(2);
    for (const caller of [here, far, contained]) await caller.hangUp();
    expect([7001, 7003, 7010].map((port) => any.times(port))).toEqual([1, 1, 2]);
    for (const device of ["lo", "e0"]) await expect.poll(() => counters.get(device)!.ports().size).toBeGreaterThan(0);
    await counters.get("br0")!.until(LAST);
    await counters.get("p0")!.until(LAST);
    observed();
  });

  test("an address of e0 that a container calls comes in by the bridge: told by the connections that are there", async () => {
    const { said, hangUp } = await net.call(net.container, [
      ["192.0.2.1", 7003],
      ["198.51.100.1", LAST_PORT, LAST],
    ]);
    expect(said).toContain("connected 192.0.2.1 7003");
    await counters.get("br0")!.until(LAST);
    const named = serviceAt(7003).capture;
    await hangUp();
    expect([...observed().get(7003)!].sort()).toEqual(["br0", "p0"]);
    expect(named[0]).toMatchObject({ interface: "br0", callers: "elsewhere", connections: 1 });
  });

  test("an address of a macvlan: seen there, and on the interface below, as is said", async () => {
    const { said, hangUp } = await net.call(net.far, [
      ["203.0.113.129", 7011],
      ["192.0.2.1", LAST_PORT, LAST],
    ]);
    await hangUp();
    expect(said[0]).toBe("connected 203.0.113.129 7011");
    await counters.get("e0")!.until(LAST);
    await expect.poll(() => [...counters.get("mv0")!.ports()], { timeout: 20_000 }).toContain(7011);
    expect([...observed().get(7011)!].sort()).toEqual(["e0", "mv0"]);
    expect(serviceAt(7011).capture.find((c) => c.callers === "elsewhere")!.interface).toBe("mv0");
    expect(inMachine("7011").stdout.replaceAll("\n", " ")).toContain(
      "mv0 stands on e0: what other machines send is on e0, too.",
    );
  });

  test("an address of an interface that is down answers all the same, by way of the others", async () => {
    const here = await net.call(net.machine, [
      ["192.0.2.129", 7008],
      ["127.0.0.1", LAST_PORT, LAST],
    ]);
    const far = await net.call(net.far, [
      ["192.0.2.129", 7008],
      ["192.0.2.1", LAST_PORT, LAST],
    ]);
    await counters.get("lo")!.until(LAST);
    await counters.get("e0")!.until(LAST);
    const service = serviceAt(7008);
    await here.hangUp();
    await far.hangUp();
    expect([...here.said, ...far.said].filter((line) => line.startsWith("failed"))).toEqual([]);
    expect([...observed().get(7008)!].sort()).toEqual(["e0", "lo"]);
    expect(service.capture.filter((c) => c.connections > 0).map((c) => [c.interface, c.connections])).toEqual([
      ["lo", 1],
      ["e0", 1],
    ]);
    expect(service.hints.join()).toContain("The address 192.0.2.129 is on d0, which is down");
  });

  test("a socket that is bound to e0 is called over lo from here, and by no other interface from elsewhere", async () => {
    const here = await net.call(net.machine, [
      ["192.0.2.1", 7009],
      ["127.0.0.1", 7009],
      ["127.0.0.1", LAST_PORT, LAST],
    ]);
    const contained = await net.call(net.container, [
      ["192.0.2.1", 7009],
      ["192.0.2.1", 7001],
    ]);
    await counters.get("lo")!.until(LAST);
    const service = serviceAt(7009);
    await here.hangUp();
    await contained.hangUp();
    expect(here.said.map((line) => line.slice(0, 24))).toEqual([
      "connected 192.0.2.1 7009",
      "failed 127.0.0.1 7009 [E",
      "connected 127.0.0.1 7090",
    ]);
    expect(contained.said.map((line) => line.split(" ")[0])).toEqual(["failed", "failed"]);
    expect(observed().get(7009)).toContain("lo");
    expect(service.device).toBe("e0");
    expect(service.capture.map((c) => c.interface)).toEqual(["lo", "e0"]);
  });

  test("which callers a socket of IPv6 takes", () => {
    const all = answer();
    const hasSs = has("ss", "-V");
    expect(serviceAt(7004, all).families).toEqual(hasSs ? ["IPv4", "IPv6"] : null);
    expect(serviceAt(7005, all).families).toEqual(hasSs ? ["IPv6"] : null);
    expect(serviceAt(7002, all).families).toEqual(["IPv4"]);
  });

  test("kinds and states", () => {
    const { interfaces } = answer();
    const of = (name: string) => interfaces.find((i) => i.name === name)!;
    expect(of("lo")).toMatchObject({ kind: "loopback", state: "up" });
    expect(of("e0")).toMatchObject({ kind: "veth", state: "up", link: null, link_elsewhere: true });
    expect(of("br0")).toMatchObject({ kind: "bridge", state: "up" });
    expect(of("p0")).toMatchObject({ kind: "veth", master: "br0", other_end: { interface: "c0" } });
    expect(ip("netns", "identify", String(of("p0").other_end!.process!.pid)).trim()).toBe(net.container);
    expect(of("mv0")).toMatchObject({ kind: "macvlan", link: "e0" });
    expect(of("d0")).toMatchObject({ kind: "veth", state: "down", link: "d1" });
  });

  describe("another network namespace", () => {
    const container = (): Answer["namespaces"][number] => answer().namespaces.find((n) => n.name === net.container)!;

    test("its lo is not seen from here, and on the lo that the command names it is", async () => {
      const found = container();
      const local = found.services.find((s) => s.local.port === 7020)!;
      expect(local.capture).toHaveLength(1);
      const { pid } = found.process;
      expect(local.capture[0]!.command).toBe(`nsenter -t ${pid} -n halfclose capture -i lo -w DIR`);
      // tcpdump in the place of halfclose, entered in the same way, counts there.
      const inside = await net.count(net.container, "lo");
      const { hangUp } = await net.call(net.container, [["127.0.0.1", 7020, LAST]]);
      const outside = await net.call(net.machine, [["127.0.0.1", LAST_PORT, LAST]]);
      await inside.until(LAST);
      await counters.get("lo")!.until(LAST);
      await hangUp();
      await outside.hangUp();
      expect([...inside.ports()]).toEqual([7020]);
      expect([...observed().keys()]).toEqual([LAST_PORT]);
      expect(ip("netns", "identify", String(pid)).trim()).toBe(net.container);
    });

    test("its service for all addresses is on its lo and on its own interface", () => {
      const service = container().services.find((s) => s.local.port === 7021)!;
      expect(service.capture.map((c) => [c.interface, c.callers])).toEqual([
        ["lo", "here"],
        ["c0", "elsewhere"],
      ]);
    });

    test("it is found by its port, its name, and the name of its process", () => {
      for (const asked of ["7020", net.container]) {
        const { code, stdout } = inMachine(asked);
        expect(code).toBe(0);
        expect(stdout).toContain("In another network namespace");
        expect(stdout).toMatch(/nsenter -t \d+ -n halfclose capture -i lo -w DIR/);
      }
    });

    test("callers from elsewhere are on the end of its cable that is here, too, as is said", async () => {
      const { hangUp } = await net.call(net.machine, [["198.51.100.2", 7021, LAST]]);
      await counters.get("p0")!.until(LAST);
      await hangUp();
      expect([...observed().get(7021)!].sort()).toEqual(["br0", "p0"]);
      expect(inMachine("7021").stdout.replaceAll("\n", " ")).toContain("What passes c0 passes p0 here, too");
    });

    test("entered with nsenter, which leaves /sys as it was, it tells of the namespace and not of /sys", () => {
      const { pid } = container().process;
      const inside: Answer = JSON.parse(run(built, ["nsenter", "-t", String(pid), "-n"], "--json").stdout);
      expect(inside.interfaces.map((i) => i.name).sort()).toEqual(["c0", "lo"]);
      expect(inside.services.map((s) => s.local.port)).toEqual([7020, 7021]);
    });

    test("without privilege: the namespaces are still told apart, and what is missing is said", (context) => {
      const wrapper = [
        "ip",
        "netns",
        "exec",
        net.machine,
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
      ];
      if (!has("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-v")) {
        return context.skip("setpriv is not there, or other users may not run Node.js");
      }
      ip("netns", "exec", net.machine, "chmod", "-R", "a+rX", built.folder);
      const { stdout } = run(built, wrapper, "--json");
      const seen: Answer = JSON.parse(stdout);
      const found = seen.namespaces.find((n) => n.services.some((s) => s.local.port === 7020))!;
      expect(found.inode).toBeNull();
      expect(found.services.find((s) => s.local.port === 7020)!.capture.map((c) => c.interface)).toEqual(["lo"]);
      expect(found.services[0]!.capture[0]!.command).toMatch(/^sudo nsenter -t \d+ -n halfclose capture -i lo -w DIR$/);
      expect(seen.remarks.join(" ")).toContain("as root, these services get names");
    });
  });

  test("one service: the sentence, and the commands to copy", async () => {
    await expect.poll(() => serviceAt(7002).capture.every((c) => c.connections === 0), { timeout: 20_000 }).toBe(true);
    const { hangUp } = await net.call(net.far, [["192.0.2.1", 7002]]);
    const { stdout } = inMachine("7002");
    await hangUp();
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toMatch(/python3 \(\d+\) listens at \*:7002, for IPv4 only\./);
    expect(text).toContain(
      "Capture on e0 (callers from elsewhere; 1 connection now), lo (callers on this machine; none now)",
    );
    expect(stdout).toContain("  halfclose capture -i e0 -w DIR");
    expect(stdout).toContain("  halfclose capture -i any -w DIR");
  });

  test("a VLAN: its parent has the same packets with a tag, as is said", async (context) => {
    const vlan = ["link", "add", "link", "e0", "name", "e0.100", "type", "vlan", "id", "100"];
    if (!has("ip", "-n", net.machine, ...vlan)) return context.skip("the kernel has no VLANs (8021q)");
    ip("-n", net.far, "link", "add", "link", "f0", "name", "f0.100", "type", "vlan", "id", "100");
    for (const [name, device, address] of [
      [net.machine, "e0.100", "198.51.100.129/30"],
      [net.far, "f0.100", "198.51.100.130/30"],
    ] as const) {
      ip("-n", name, "address", "add", address, "dev", device);
      ip("-n", name, "link", "set", device, "up");
    }
    await net.listen(net.machine, [["198.51.100.129", 7040]]);
    const tagged = await net.count(net.machine, "e0", "vlan 100 and tcp");
    const untagged = await net.count(net.machine, "e0.100");
    const { hangUp } = await net.call(net.far, [["198.51.100.129", 7040, LAST]]);
    await tagged.until(LAST);
    await untagged.until(LAST);
    const { stdout } = inMachine("7040");
    await hangUp();
    expect(stdout).toContain("halfclose capture -i e0.100 -w DIR");
    expect(stdout.replaceAll("\n", " ")).toContain("e0.100 is VLAN 100 on e0: the same packets are on e0, with a tag.");
  });

  test("a service of another machine: by which interface it is reached", () => {
    expect(answer("192.0.2.77:5432").way).toMatchObject({ interface: "e0" });
    expect(answer("198.51.100.77:5432").way).toMatchObject({ interface: "br0" });
    expect(answer("[2001:db8:1::77]:5432").way).toMatchObject({ interface: "e0" });
  });

  test("no such service: exit code 3, and where it was looked for", () => {
    const { code, stderr } = inMachine("7999");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^halfclose: 7999: no such service listens here, nor in the \d+ other network namespaces/);
    expect(inMachine("7999").stdout).toBe("");
  });

  test("the name of a process is shown, and does nothing", async () => {
    const evil = await net.listen(net.machine, [["127.0.0.1", 7030]], "\u001b[2J\u202eevil\n");
    const { stdout } = inMachine("7030");
    evil.kill("SIGKILL");
    expect(stdout).toContain("\\x1b[2J\\u202eevil");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  });

  test("a NAT rule that redirects to a service is a hint", (context) => {
    const rule = [
      "netns",
      "exec",
      net.machine,
      "iptables",
      "-t",
      "nat",
      "-A",
      "PREROUTING",
      "-p",
      "tcp",
      "--dport",
      "80",
      "-j",
      "REDIRECT",
      "--to-ports",
      "7002",
    ];
    if (!has("ip", ...rule)) return context.skip("iptables, or NAT in the kernel, is not there");
    expect(serviceAt(7002).hints.join()).toContain("redirects connections to port 80 to this port");
  });
});
