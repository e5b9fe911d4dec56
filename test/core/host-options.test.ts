// Do timers, systems and port ranges of hosts mean what people write?

import { describe, expect, it } from "vitest";
import { type HostOptions, parseHosts } from "../../src/core/host-options.ts";
import { SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import { parseStates } from "../../src/core/state-option.ts";
import { parseDuration } from "../../src/core/time-option.ts";

const brief = (options: HostOptions, address: string): string => {
  const { os, timeWait, finTimeout, ports, portsStated } = parseHosts(options).of(address);
  return `${os} ${timeWait / 1e9} ${finTimeout / 1e9} ${ports.first}-${ports.last}${portsStated ? " stated" : ""}`;
};

describe("a duration", () => {
  it.each([
    ["30s", 30e9],
    ["30", 30e9],
    ["500ms", 5e8],
    ["2m", 120e9],
    ["2 min", 120e9],
    ["1h", 3600e9],
    ["1.5s", 1.5e9],
    ["0", 0],
  ])("%s", (text, ns) => expect(parseDuration(text, "--every", 0, 1e15)).toBe(ns));

  it.each(["", "s", "-1s", "1e3", "1d", "30 seconds", "1s 2s", "∞"])("%j is none", (text) => {
    expect(() => parseDuration(text, "--every", 0, 1e15)).toThrow(/^--every ".*": not a duration; write 30s, 500ms/);
  });

  it("keeps to its bounds", () => {
    expect(() => parseDuration("999us", "--every", 1e6, 1e15)).toThrow(/not a duration/);
    expect(() => parseDuration("0.5ms", "--every", 1e6, 1e15)).toThrow('--every "0.5ms": less than 1 ms; write');
    expect(() => parseDuration("25h", "--time-wait", 0, 24 * 3600e9)).toThrow(
      '--time-wait "25h": more than 24 h; write',
    );
  });
});

describe("every host", () => {
  it("is a Linux as it is installed", () => {
    expect(parseHosts({}).of("192.0.2.1")).toEqual(SYSTEM_DEFAULTS.linux);
  });

  it.each([
    [{ hostOs: "windows" }, "windows 240 240 49152-65535"],
    [{ hostOs: "macOS" }, "macos 30 60 49152-65535"],
    [{ hostOs: "freebsd" }, "freebsd 60 60 10000-65535"],
    [{ timeWait: "30s" }, "linux 30 60 32768-60999"],
    [{ hostOs: "windows", finTimeout: "500ms" }, "windows 240 0.5 49152-65535"],
    [{ portRange: "40000-40199" }, "linux 60 60 40000-40199 stated"],
    [{ portRange: "32768\t60999" }, "linux 60 60 32768-60999 stated"],
    [{ portRange: "1025 - 5000" }, "linux 60 60 1025-5000 stated"],
  ])("%j", (options, expected) => expect(brief(options, "192.0.2.1")).toBe(expected));
});

describe("--host", () => {
  const hosts = [
    "10.0.0.0/8=windows",
    "10.1.0.0/16=freebsd,time-wait=30s",
    "10.1.2.3=macos,fin-timeout=20s,port-range=5000-6000",
    "2001:db8::1=windows",
    "2001:DB8:0::/48=macos",
    "192.0.2.7=time-wait=5s",
  ];
  it.each([
    ["192.0.2.1", "linux 60 60 32768-60999"],
    ["10.200.0.1", "windows 240 240 49152-65535"],
    ["10.1.9.9", "freebsd 30 60 10000-65535"],
    ["10.1.2.3", "macos 30 20 5000-6000 stated"],
    ["::ffff:10.1.2.3", "macos 30 20 5000-6000 stated"],
    ["2001:db8::1", "windows 240 240 49152-65535"],
    ["2001:0DB8:0:0::0001", "windows 240 240 49152-65535"],
    ["2001:db8::2", "macos 30 60 49152-65535"],
    ["2001:db9::2", "linux 60 60 32768-60999"],
    ["192.0.2.7", "linux 5 60 32768-60999"],
    ["not an address", "linux 60 60 32768-60999"],
  ])("the most specific counts for %s", (address, expected) => {
    expect(brief({ hosts }, address)).toBe(expected);
    expect(brief({ hosts: [...hosts].reverse() }, address)).toBe(expected);
  });

  it("does not mix what two of them say", () => {
    const nested = ["10.0.0.0/8=linux,time-wait=5s", "10.1.0.0/16=linux"];
    expect(brief({ hosts: nested }, "10.1.0.1")).toBe("linux 60 60 32768-60999");
  });

  it("leaves open what it does not say", () => {
    const options = { hostOs: "freebsd", timeWait: "7s", portRange: "1000-2000" };
    const said = { ...options, hosts: ["10.0.0.5=windows", "10.0.0.6=time-wait=9s,port-range=1-2"] };
    expect(brief(said, "10.0.0.5")).toBe("windows 7 240 1000-2000 stated");
    expect(brief(said, "10.0.0.6")).toBe("freebsd 9 60 1-2 stated");
    expect(brief(said, "10.0.0.7")).toBe("freebsd 7 60 1000-2000 stated");
  });

  it("an IPv4 address written as IPv6 is that IPv4 address", () => {
    expect(brief({ hosts: ["::ffff:10.0.0.5=windows"] }, "10.0.0.5")).toMatch(/^windows/);
    expect(brief({ hosts: ["::ffff:10.0.0.0/104=windows"] }, "10.9.9.9")).toMatch(/^windows/);
    expect(brief({ hosts: ["::/0=windows"] }, "10.0.0.5")).toMatch(/^linux/);
    expect(brief({ hosts: ["0.0.0.0/0=windows"] }, "2001:db8::1")).toMatch(/^linux/);
  });

  it("says the same at the hundred-thousandth address as at the first", () => {
    const { of } = parseHosts({ hosts: ["10.0.0.0/9=windows"] });
    for (const round of [0, 1]) {
      for (let n = round; n < 100_000; n++) {
        const os = of(`10.${n & 255}.${(n >> 8) & 255}.${n >> 16}`).os;
        if (os !== ((n & 255) < 128 ? "windows" : "linux")) expect.fail(`10.${n & 255}…: ${os}`);
      }
    }
  });
});

describe("what means nothing is refused, in one line that names the option", () => {
  it.each([
    [{ hostOs: "solaris" }, '--host-os: "solaris" is no operating system; there are linux, windows, macos, freebsd'],
    [{ timeWait: "long" }, '--time-wait "long": not a duration'],
    [{ finTimeout: "25h" }, '--fin-timeout "25h": more than 24 h'],
    [{ portRange: "80" }, '--port-range "80": not a range of ports'],
    [{ portRange: "0-99" }, '--port-range "0-99": not a range of ports'],
    [{ portRange: "1-65536" }, '--port-range "1-65536": not a range of ports'],
    [{ portRange: "6000-5000" }, '--port-range "6000-5000": its first port is above its last'],
    [{ hosts: ["10.0.0.5"] }, '--host "10.0.0.5": no address before "="'],
    [{ hosts: ["windows=10.0.0.5"] }, '--host "windows=10.0.0.5": no address before "="'],
    [{ hosts: ["10.0.0.0/33=linux"] }, '--host "10.0.0.0/33=linux": no address'],
    [{ hosts: ["10.0.0.5=amiga"] }, '--host "10.0.0.5=amiga": "amiga" is no operating system'],
    [{ hosts: ["10.0.0.5="] }, '--host "10.0.0.5=": "" is no operating system'],
    [{ hosts: ["10.0.0.5=linux,ttl=3"] }, '--host "10.0.0.5=linux,ttl=3": "ttl" is no setting; there are time-wait'],
    [{ hosts: ["10.0.0.5=time-wait=x"] }, '--host "10.0.0.5=time-wait=x": time-wait "x": not a duration'],
    [{ hosts: ["10.0.0.5=port-range=9"] }, '--host "10.0.0.5=port-range=9": port-range "9": not a range of ports'],
    [
      { hosts: ["10.0.0.5=linux", "::ffff:10.0.0.5=windows"] },
      '--host "::ffff:10.0.0.5=windows": the same hosts as in "10.0.0.5=linux"',
    ],
    [{ hosts: ["10.1.1.1/8=linux", "10.2.2.2/8=linux"] }, "the same hosts"],
  ])("%j", (options, says) => {
    expect(() => parseHosts(options)).toThrow(expect.objectContaining({ name: "UsageError", exit: 2 }));
    expect(() => parseHosts(options)).toThrow(says);
  });
});

describe("--state", () => {
  it.each([
    [["CLOSE_WAIT"], ["CLOSE_WAIT"]],
    [["close-wait,estab"], ["CLOSE_WAIT", "ESTABLISHED"]],
    [
      ["FIN_WAIT1", "fin-wait-2"],
      ["FIN_WAIT_1", "FIN_WAIT_2"],
    ],
    [["SYN_RECV", "syn-rcvd"], ["SYN_RECEIVED"]],
  ])("%j", (texts, states) => expect([...parseStates(texts, "--state")]).toEqual(states));

  it.each(["", "CLOSED", "LISTEN", "close wait,"])("%j is refused", (text) => {
    expect(() => parseStates([text], "--state")).toThrow(/no state of a socket; there are SYN_SENT, /);
  });
});
