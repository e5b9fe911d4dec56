// The parts of `halfclose interfaces` that decide and read texts: against outputs of the programs, and what the kernel does.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shellWord } from "../../src/live/interfaces/capture-commands.ts";
import type { NetworkInterface, OtherNamespace, Service } from "../../src/live/interfaces/interface-model.ts";
import { kindText, nameText } from "../../src/live/interfaces/interface-words.ts";
import { readIpJson } from "../../src/live/interfaces/ip-json.ts";
import { containerOf } from "../../src/live/interfaces/namespaces.ts";
import { readNatRules } from "../../src/live/interfaces/nat-rules.ts";
import { socketsOf } from "../../src/live/interfaces/other-systems.ts";
import { ListenerTable } from "../../src/live/interfaces/proc-sockets.ts";
import { defaultRoute, readIpv6Routes, readRoutes, wayTo } from "../../src/live/interfaces/routes.ts";
import { type Bound, seenOn } from "../../src/live/interfaces/seen-on.ts";
import { servicesOf } from "../../src/live/interfaces/services.ts";
import { readSsExtras } from "../../src/live/interfaces/ss-extras.ts";
import { fromSysfs, type SysfsEntry } from "../../src/live/interfaces/sysfs.ts";
import { joinPairs } from "../../src/live/interfaces/veth-pairs.ts";
import { narrowed, readWanted } from "../../src/live/interfaces/wanted-service.ts";
import { DumpFile } from "../../src/sockets/read-dumps.ts";
import { SocketColumns } from "../../src/sockets/socket-columns.ts";

const made = (name: string, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name,
  index: null,
  state: "up",
  kind: "ethernet",
  addresses: [],
  linkIndex: null,
  otherEnd: null,
  link: null,
  isLinkElsewhere: false,
  master: null,
  vlan: null,
  ...more,
});
const LO = made("lo", { kind: "loopback", addresses: ["127.0.0.1", "::1"] });
const ETH0 = made("eth0", { addresses: ["192.0.2.1", "2001:db8::1"] });
const VLAN = made("eth0.100", { kind: "vlan", link: "eth0", vlan: 100, addresses: ["198.51.100.1"] });
const BOND = made("bond0", { kind: "bond", addresses: ["203.0.113.1"] });
const ETH1 = made("eth1", { master: "bond0" });
const DUMMY = made("dummy0", { kind: "dummy", addresses: ["203.0.113.99"] });
const ALL = [LO, ETH0, VLAN, BOND, ETH1, DUMMY];
const bound = (address: string, more: Partial<Bound> = {}): Bound => ({
  address,
  takesIpv4: true,
  takesIpv6: false,
  device: null,
  here: 0,
  elsewhere: new Map(),
  ...more,
});
const names = (b: Bound, interfaces = ALL): string[] => seenOn(b, { interfaces, routes: [] }).map((s) => s.interface);

describe("where the packets of a service pass", () => {
  test.each<[string, Bound, string[]]>([
    ["loopback", bound("127.0.0.1"), ["lo"]],
    ["another address of 127/8", bound("127.0.0.53"), ["lo"]],
    ["loopback of IPv6", bound("::1", { takesIpv4: false, takesIpv6: true }), ["lo"]],
    ["all addresses: members of a bond and dummies are no ways in", bound("*"), ["lo", "eth0", "eth0.100", "bond0"]],
    ["all addresses of IPv6 only", bound("*", { takesIpv4: false, takesIpv6: true }), ["lo", "eth0"]],
    ["one address", bound("192.0.2.1"), ["lo", "eth0"]],
    ["the address of a VLAN: on that, not its parent", bound("198.51.100.1"), ["lo", "eth0.100"]],
    ["the address of a bond: on that, not its members", bound("203.0.113.1"), ["lo", "bond0"]],
    ["the address of a dummy: any way", bound("203.0.113.99"), ["lo", "eth0", "eth0.100", "bond0"]],
    ["bound to an interface", bound("*", { device: "bond0" }), ["lo", "bond0"]],
  ])("%s", (_, b, expected) => expect(names(b)).toEqual(expected));

  test("a loopback interface that is down sees nobody", () => {
    expect(names(bound("127.0.0.1"), [{ ...LO, state: "down" }, ETH0])).toEqual([]);
  });
  test("the default route comes first, and an interface with connections before it", () => {
    const routes = readRoutes("bond0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0");
    const order = (b: Bound) => seenOn(b, { interfaces: ALL, routes }).map((s) => s.interface);
    expect(order(bound("*"))).toEqual(["lo", "bond0", "eth0", "eth0.100"]);
    expect(order(bound("*", { elsewhere: new Map([["eth0", 2]]) }))).toEqual(["eth0", "lo", "bond0", "eth0.100"]);
  });
  test("callers without a known way count where there is one way only", () => {
    const b = bound("192.0.2.1", { elsewhere: new Map([["", 3]]) });
    expect(seenOn(b, { interfaces: ALL, routes: [] })[0]).toEqual({
      interface: "eth0",
      callers: "elsewhere",
      connections: 3,
    });
  });
  test("of another namespace without known addresses every interface may be the one", () => {
    const unknown = [made("lo", { kind: "loopback" }), made("c0", { kind: "unknown", state: "unknown" })];
    expect(names(bound("10.0.0.5"), unknown)).toEqual(["lo", "c0"]);
    expect(names(bound("127.0.0.1"), unknown)).toEqual(["lo"]);
  });
});

test("kinds of `ip -j -d address`, as iproute2 6.1 writes them", () => {
  const text = JSON.stringify([
    {
      ifindex: 1,
      ifname: "lo",
      flags: ["LOOPBACK", "UP", "LOWER_UP"],
      link_type: "loopback",
      addr_info: [{ family: "inet", local: "127.0.0.1", prefixlen: 8 }],
    },
    { ifindex: 2, ifname: "eth0", flags: ["BROADCAST", "UP", "LOWER_UP"], link_type: "ether" },
    {
      ifindex: 3,
      ifname: "eth0.100",
      link: "eth0",
      flags: ["UP", "LOWER_UP"],
      link_type: "ether",
      linkinfo: { info_kind: "vlan", info_data: { protocol: "802.1Q", id: 100 } },
    },
    {
      ifindex: 4,
      ifname: "veth1",
      link_index: 2,
      link_netnsid: 0,
      master: "br0",
      flags: ["UP", "LOWER_UP"],
      link_type: "ether",
      linkinfo: { info_kind: "veth", info_slave_kind: "bridge" },
    },
    { ifindex: 5, ifname: "br0", flags: ["UP", "NO-CARRIER"], link_type: "ether", linkinfo: { info_kind: "bridge" } },
    {
      ifindex: 6,
      ifname: "eth1",
      master: "bond0",
      flags: ["SLAVE", "UP", "LOWER_UP"],
      link_type: "ether",
      linkinfo: { info_slave_kind: "bond" },
    },
    { ifindex: 7, ifname: "bond0", flags: ["MASTER"], link_type: "ether", linkinfo: { info_kind: "bond" } },
  ]);
  const all = readIpJson(text)!;
  expect(all.map((i) => `${i.name} ${i.state}: ${kindText(i, all)}`)).toEqual([
    "lo up: loopback",
    "eth0 up: ethernet",
    "eth0.100 up: VLAN 100 on eth0",
    "veth1 up: veth, other end in another namespace, part of br0",
    "br0 no-carrier: bridge of veth1",
    "eth1 up: ethernet, part of bond0",
    "bond0 down: bond of eth1",
  ]);
  expect(readIpJson("1: lo: <LOOPBACK>")).toBeNull();
  expect(readIpJson("{}")).toBeNull();
});

test("kinds of /sys/class/net, as Linux 6 has them", () => {
  const entry = (name: string, index: number, more: Partial<SysfsEntry> = {}): SysfsEntry => ({
    name,
    type: "1",
    flags: "0x1003",
    operstate: "up",
    uevent: `INTERFACE=${name}\nIFINDEX=${index}\n`,
    ifindex: `${index}`,
    iflink: `${index}`,
    names: [],
    master: "",
    ...more,
  });
  const all = fromSysfs(
    [
      entry("lo", 1, { type: "772", flags: "0x8", operstate: "down" }),
      entry("v1", 2, { iflink: "3", names: ["upper_mv0"] }),
      entry("v0", 3, { iflink: "2", names: ["master", "brport", "upper_br0"], master: "br0" }),
      entry("br0", 4, {
        uevent: "DEVTYPE=bridge\nINTERFACE=br0\n",
        names: ["bridge", "lower_v0"],
        operstate: "lowerlayerdown",
      }),
      entry("mv0", 5, { iflink: "2", names: ["lower_v1"] }),
      entry("tun0", 7, { type: "65534", names: ["tun_flags"] }),
      entry("eth0", 8, { iflink: "17" }),
      entry("eth0.7", 9, { iflink: "8", uevent: "DEVTYPE=vlan\n", names: ["lower_eth0"] }),
      entry("wg0", 10, { type: "65534", uevent: "DEVTYPE=wireguard\n" }),
    ],
    () => [],
  );
  expect(all.map((i) => `${i.name} ${i.state}: ${kindText(i, all)}`)).toEqual([
    "lo down: loopback",
    "v1 up: veth, other end v0",
    "v0 up: veth, other end v1, part of br0",
    "br0 no-carrier: bridge of v0",
    "mv0 up: macvlan on v1",
    "tun0 up: tun or tap",
    "eth0 up: virtual, other end in another namespace",
    "eth0.7 up: VLAN 7 on eth0",
    "wg0 up: tunnel",
  ]);
});

test("routes: the longest prefix, then the lowest metric; no route to oneself, none that is refused", () => {
  const v4 = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    "wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
    "br0\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
    "*\t0000010A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0",
  ].join("\n");
  const hex = (text: string): string => text.replaceAll(":", "").padEnd(32, "0");
  const none = "0".repeat(32);
  const v6 = [
    `${hex("20010db8")} 20 ${none} 00 ${none} 00000100 00000001 00000000 00000001     eth0`,
    `${none} 00 ${none} 00 ${none} ffffffff 00000001 00000000 00200200       lo`,
    `${hex("20010db8000000000000000000000001")} 80 ${none} 00 ${none} 00000000 00000002 00000000 80200001       lo`,
  ].join("\n");
  const routes = [...readRoutes(v4), ...readIpv6Routes(v6)];
  expect(wayTo("192.0.2.9", routes)).toBe("eth0");
  expect(wayTo("198.51.100.9", routes)).toBe("br0");
  expect(wayTo("10.1.2.3", routes)).toBe("tun0");
  expect(wayTo("::ffff:198.51.100.9", routes)).toBe("br0");
  expect(wayTo("2001:db8::1", routes)).toBe("eth0");
  expect(wayTo("2001:db9::1", routes)).toBeNull();
  expect(wayTo("example.com", routes)).toBeNull();
  expect(defaultRoute(routes)).toBe("eth0");
});

test("rows of /proc/net/tcp6: who listens, and who is connected from where", () => {
  const table = new ListenerTable((remote) => (remote === "::1" ? "here" : { interface: "eth0" }));
  const row = (local: string, remote: string, state: string, inode: number): void =>
    table.row(
      `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 00000000e6631e06 100 0 0 10 0`,
    );
  const any = "0".repeat(32);
  const mapped = "0000000000000000FFFF0000010200C0";
  row(`${any}:1F91`, `${any}:0000`, "0A", 77);
  row("00000000000000000000000001000000:1F91", "00000000000000000000000001000000:9C40", "01", 1);
  row(`${mapped}:1F91`, "0000000000000000FFFF0000020200C0:9C41", "08", 2);
  row(`${mapped}:1F91`, "0000000000000000FFFF0000020200C0:9C42", "06", 0);
  row(`${mapped}:1F92`, "0000000000000000FFFF0000020200C0:9C42", "01", 3);
  row(`${mapped}:1F91`, `${mapped}:9C43`, "01", 4);
  expect(table.listeners).toEqual([
    { address: "*", port: 8081, isV6: true, inode: 77, here: 2, elsewhere: new Map([["eth0", 1]]) },
  ]);
});

test("ss tells devices and v6only, by inode", () => {
  const text = [
    "LISTEN 0      128    0.0.0.0%br0:8083 0.0.0.0:* ino:4043344 sk:151fb cgroup:unreachable:1 <->         ",
    'LISTEN 0      128        0.0.0.0:8080 0.0.0.0:* users:(("ino:1",pid=1,fd=3)) ino:4043340 sk:151fc <->',
    "LISTEN 0      128           [::]:8082    [::]:* ino:4043343 sk:151fd cgroup:unreachable:1 v6only:1 <->",
    "LISTEN 0      128              *:8081       *:* ino:4043342 sk:151fe cgroup:unreachable:1 v6only:0 <->",
  ].join("\n");
  expect([...readSsExtras(text)]).toEqual([
    [4043344, { device: "br0", v6only: null }],
    [4043340, { device: null, v6only: null }],
    [4043343, { device: null, v6only: true }],
    [4043342, { device: null, v6only: false }],
  ]);
});

test("rules of NAT, in both languages, once each", () => {
  const text = [
    "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001",
    "\t\ttcp dport 80 counter packets 0 bytes 0 redirect to :15001",
    "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
    '\t\tiifname != "docker0" tcp dport 8443 counter packets 0 bytes 0 dnat to 172.17.0.2:443',
    "-A PREROUTING -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353",
    "\t\tudp dport 53 redirect to :5353",
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
  ].join("\n");
  expect(readNatRules(text)).toEqual([
    { port: 80, toAddress: null, toPort: 15_001 },
    { port: null, toAddress: null, toPort: 15_001 },
    { port: 8080, toAddress: "172.17.0.2", toPort: 80 },
    { port: 8443, toAddress: "172.17.0.2", toPort: 443 },
  ]);
});

test("sockets of one address and port are one service; a published port says that calls go past it", () => {
  const listener = (inode: number, isV6: boolean) => ({
    address: "*",
    port: 8080,
    isV6,
    inode,
    here: 1,
    elsewhere: new Map(),
  });
  const services = servicesOf(
    {
      listeners: [listener(1, false), listener(2, false), listener(3, true)],
      extras: new Map([[3, { device: null, v6only: true }]]),
      owners: new Map([
        [1, [{ pid: 9, name: "docker-proxy" }]],
        [2, [{ pid: 8, name: "docker-proxy" }]],
      ]),
      rules: [{ port: 8080, toAddress: "172.17.0.2", toPort: 80 }],
    },
    { interfaces: ALL, routes: [] },
  );
  expect(services).toHaveLength(1);
  expect(services[0]!.families).toBe("both");
  expect(services[0]!.processes.map((p) => p.pid)).toEqual([8, 9]);
  expect(services[0]!.seen[0]).toEqual({ interface: "lo", callers: "here", connections: 3 });
  expect(services[0]!.hints.join()).toContain("on to 172.17.0.2:80: these go past this process");
});

describe("which service is meant", () => {
  test.each([
    ["8080", { address: null, port: 8080, name: null }],
    [":8080", { address: null, port: 8080, name: null }],
    ["*:8080", { address: "*", port: 8080, name: null }],
    ["0.0.0.0:8080", { address: "*", port: 8080, name: null }],
    ["[::]:8080", { address: "*", port: 8080, name: null }],
    ["10.0.0.5:8080", { address: "10.0.0.5", port: 8080, name: null }],
    ["[2001:DB8::1]:443", { address: "2001:db8::1", port: 443, name: null }],
    ["localhost:5432", { address: "localhost", port: 5432, name: null }],
    ["10.0.0.5", { address: "10.0.0.5", port: null, name: null }],
    ["nginx", { address: null, port: null, name: "nginx" }],
    ["nginx: master", { address: null, port: null, name: "nginx: master" }],
  ])("%s", (text, expected) => expect(readWanted(text)).toEqual(expected));
  test.each(["", "0", "65536", "10.0.0.5:0", "10.0.0.5:99999"])("%s is refused", (text) => {
    expect(() => readWanted(text)).toThrow(/port|name a service/);
  });

  const service = (address: string, port: number, name = "java"): Service => ({
    address,
    port,
    families: "IPv4",
    device: null,
    processes: [{ pid: 5, name }],
    seen: [],
    hints: [],
  });
  const namespace: OtherNamespace = {
    inode: 1,
    name: null,
    container: "0123456789ab",
    process: { pid: 5, name: "pause" },
    processes: 2,
    interfaces: [],
    services: [service("*", 80, "nginx")],
  };
  const list = {
    system: "linux",
    interfaces: ALL,
    services: [service("*", 8080), service("127.0.0.1", 8080), service("192.0.2.1", 9090, "a-name-of-15-by")],
    namespaces: [namespace],
    engines: [],
    routes: readRoutes("eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0"),
    remarks: [],
  };
  const found = (text: string) => {
    const { services, namespaces, way } = narrowed(list, readWanted(text), list.routes);
    return [services.map((s) => `${s.address}:${s.port}`), namespaces.length, way?.interface ?? null];
  };
  test.each<[string, unknown[]]>([
    ["8080", [["*:8080", "127.0.0.1:8080"], 0, null]],
    ["*:8080", [["*:8080"], 0, null]],
    ["192.0.2.1:8080", [["*:8080"], 0, null]],
    ["localhost:8080", [["*:8080", "127.0.0.1:8080"], 0, null]],
    ["192.0.2.1", [["*:8080", "192.0.2.1:9090"], 0, null]],
    ["192.0.2.99:8080", [[], 0, "eth0"]],
    ["a-name-of-15-bytes", [["192.0.2.1:9090"], 0, null]],
    ["NGINX", [[], 1, null]],
    ["0123456789abcdef", [[], 1, null]],
    ["012345", [[], 1, null]],
    ["7", [[], 0, null]],
  ])("%s", (text, expected) => expect(found(text)).toEqual(expected));
});

test("the two ends of a veth pair in two namespaces find each other, unless two namespaces claim one", () => {
  const veth = (name: string, index: number, linkIndex: number): NetworkInterface =>
    made(name, { kind: "veth", isLinkElsewhere: true, index, linkIndex });
  const namespace = (pid: number, ...interfaces: NetworkInterface[]): OtherNamespace => ({
    inode: pid,
    name: null,
    container: null,
    process: { pid, name: "nginx" },
    processes: 1,
    interfaces,
    services: [],
  });
  const here = [LO, veth("veth1", 7, 2), veth("veth2", 9, 2), veth("veth3", 11, 2)];
  const { interfaces, namespaces } = joinPairs(here, [
    namespace(50, veth("eth0", 2, 7)),
    namespace(60, veth("eth0", 2, 9)),
    namespace(61, veth("eth0", 2, 9)),
    namespace(70, veth("eth0", 3, 11)),
  ]);
  expect(interfaces.map((i) => i.otherEnd?.process?.pid ?? null)).toEqual([null, 50, null, null]);
  expect(namespaces.map((n) => n.interfaces[0]!.otherEnd?.interface ?? null)).toEqual(["veth1", null, null, null]);
  expect(kindText(interfaces[1]!, interfaces)).toBe("veth, other end eth0 of nginx (50)");
});

test("a container is known by the last id in the path of its group", () => {
  const id = "0123456789abcdef".repeat(4);
  expect(containerOf(`0::/system.slice/docker-${id}.scope\n`)).toBe("0123456789ab");
  expect(containerOf(`0::/kubepods/besteffort/pod1/${"f".repeat(64)}/cri-containerd-${id}.scope`)).toBe("0123456789ab");
  expect(containerOf("0::/user.slice/user-1000.slice\n")).toBeNull();
});

describe("what others named", () => {
  test.each([
    ["eth0.100", "eth0.100"],
    ["br-1a2b", "br-1a2b"],
    ["a;reboot", "'a;reboot'"],
    ["$(id)", "'$(id)'"],
    ["it's", "$'it\\x27s'"],
    ["\u001b[2J", "$'\\x1b[2J'"],
  ])("%j in a command", (name, word) => expect(shellWord(name)).toBe(word));
  test("the name of a process is one short word that can be seen", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const shown = nameText(name);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(shown.length).toBeLessThanOrEqual(48);
      }),
    );
  });
  test("texts of programs never throw", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        readIpJson(text);
        readRoutes(text);
        readIpv6Routes(text);
        readNatRules(text);
        readSsExtras(text);
        new ListenerTable(() => null).row(text);
      }),
    );
  });
});

test("elsewhere than on Linux: netstat says who listens, lsof which process it is", () => {
  const dumps = [
    [
      "Active Internet connections (including servers)",
      "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)",
      "tcp4       0      0  192.0.2.1.8080         192.0.2.7.50000        ESTABLISHED",
      "tcp4       0      0  127.0.0.1.8080         127.0.0.1.50001        ESTABLISHED",
      "tcp4       0      0  *.8080                 *.*                    LISTEN",
      "tcp4       0      0  127.0.0.1.5432         *.*                    LISTEN",
    ].join("\n"),
    [
      "COMMAND   PID   USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME",
      "java     4711 example   12u  IPv4 0x1234567890abcdef      0t0  TCP *:8080 (LISTEN)",
    ].join("\n"),
  ].flatMap((text) => {
    const file = new DumpFile({ source: "", columns: new SocketColumns(), servicePort: () => null });
    file.feed(new TextEncoder().encode(`${text}\n`));
    return file.end().dumps;
  });
  const interfaces = [
    { ...LO, name: "lo0" },
    { ...ETH0, name: "en0" },
  ];
  const { listeners, owners } = socketsOf(dumps, interfaces);
  const services = servicesOf({ listeners, owners, extras: new Map(), rules: [] }, { interfaces, routes: [] });
  expect(services.map((s) => [s.address, s.port, s.processes[0]?.pid ?? null])).toEqual([
    ["127.0.0.1", 5432, null],
    ["*", 8080, 4711],
  ]);
  expect(services[1]!.seen).toEqual([
    { interface: "lo0", callers: "here", connections: 1 },
    { interface: "en0", callers: "elsewhere", connections: 1 },
  ]);
});
