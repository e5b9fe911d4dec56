// Do pseudonyms keep what analyses rest on (one to one, prefixes, reserved blocks, lengths), and nothing else?

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../src/core/address.ts";
import { Packet } from "../../src/core/packet.ts";
import { makePseudonyms, withinReport } from "../../src/core/pseudonyms.ts";

const KEY = "a key of thirty-two characters, x";
const names = makePseudonyms(KEY);
const other = makePseudonyms("another key");

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const shared4 = (a: number, b: number): number => Math.clz32(a ^ b);
const address6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const mapped6 = (bytes: Uint8Array): Uint8Array => {
  const out = bytes.slice();
  names.ipv6(out, 0);
  return out;
};
function shared6(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 128 : 8 * at + Math.clz32(a[at]! ^ b[at]!) - 24;
}

describe("IPv4", () => {
  test("two addresses share as many leading bits after as before: so it is one to one", () => {
    fc.assert(fc.property(int32, int32, (a, b) => shared4(names.ipv4(a), names.ipv4(b)) === shared4(a, b)));
    // Neighbours too, which chance seldom makes.
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 31 }), (a, bit) => {
        const b = a ^ (1 << bit);
        return shared4(names.ipv4(a), names.ipv4(b)) === shared4(a, b);
      }),
    );
  });

  test.each(["0.0.0.0", "127.0.0.1", "127.8.9.10", "224.0.0.251", "239.1.2.3", "255.255.255.255"])("%s stays", (a) =>
    expect(names.address(a)).toBe(a),
  );

  test.each([
    ["10.", "10.20.30.40"],
    ["192.168.", "192.168.20.30"],
    ["169.254.", "169.254.20.30"],
  ])("%s… stays in its block, and is another", (prefix, address) => {
    expect(names.address(address)).not.toBe(address);
    expect(names.address(address).startsWith(prefix)).toBe(true);
  });

  test("172.16.0.0/12 stays in its block", () => {
    for (const address of ["172.16.0.1", "172.31.255.254", "172.20.1.1"]) {
      const [a, b] = names.address(address).split(".").map(Number);
      expect([a, b! & 0xf0]).toEqual([172, 16]);
    }
  });

  test("what is outside of a reserved block stays outside", () => {
    const reserved = (a: number): boolean =>
      [
        [0, 8],
        [10, 8],
        [127, 8],
        [0xac10, 12],
        [0xc0a8, 16],
        [0xa9fe, 16],
      ].some(([block, bits]) => a >>> (32 - bits!) === (bits === 12 ? block! >>> 4 : block)) || a >>> 28 === 14;
    fc.assert(fc.property(int32, (a) => reserved(names.ipv4(a)) === reserved(a)));
  });

  test("the same key gives the same, another key another; a fresh key is nobody's", () => {
    expect(makePseudonyms(KEY).address("198.51.100.7")).toBe(names.address("198.51.100.7"));
    const of = (p: typeof names): string[] => Array.from({ length: 64 }, (_, i) => p.address(`198.51.100.${i}`));
    expect(of(other)).not.toEqual(of(names));
    expect(of(makePseudonyms(null))).not.toEqual(of(makePseudonyms(null)));
  });

  test("more addresses than are remembered", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 100_000; i++) seen.add(names.ipv4(0x0a000000 + i));
    expect(seen.size).toBe(100_000);
    expect(names.ipv4(0x0a000001)).toBe(makePseudonyms(KEY).ipv4(0x0a000001));
  });
});

describe("IPv6", () => {
  test("two addresses share as many leading bits after as before", () => {
    fc.assert(fc.property(address6, address6, (a, b) => shared6(mapped6(a), mapped6(b)) === shared6(a, b)));
    fc.assert(
      fc.property(address6, fc.integer({ min: 0, max: 127 }), (a, bit) => {
        const b = a.slice();
        b[bit >> 3]! ^= 0x80 >> (bit & 7);
        // IPv4-mapped ones go their own way, and stay among themselves.
        return shared6(mapped6(a), mapped6(b)) === bit;
      }),
    );
  });

  test.each(["::", "::1", "ff02::1", "::ffff:127.0.0.1"])("%s stays", (a) => expect(names.address(a)).toBe(a));

  test.each([
    [/^fe80::[0-9a-f:]+$/, "fe80::1c2d:3e4f:5061:7283"],
    [/^fd/, "fd12:3456:789a::1"],
    [/^fc/, "fc00::5"],
  ])("%s", (shape, address) => {
    expect(names.address(address)).toMatch(shape);
    expect(names.address(address)).not.toBe(address);
  });

  test("an IPv4-mapped address is that IPv4 address", () => {
    expect(names.address("::ffff:203.0.113.9")).toBe(`::ffff:${names.address("203.0.113.9")}`);
  });
});

test("a packet: both addresses, in its slot or in its buffer, and nothing else", () => {
  const p = new Packet();
  p.family = 4;
  [p.src, p.dst] = [0x0a000005, -0x34ff9bf7];
  names.packet(p);
  expect([formatIpv4(p.src), formatIpv4(p.dst)]).toEqual([
    names.address("10.0.0.5"),
    names.address(formatIpv4(-0x34ff9bf7)),
  ]);
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i);
  [p.family, p.buf, p.srcOffset, p.dstOffset] = [6, bytes.slice(), 2, 20];
  names.packet(p);
  const expected = bytes.slice();
  names.ipv6(expected, 2);
  names.ipv6(expected, 20);
  expect(p.buf).toEqual(expected);
  expect([...p.buf.subarray(0, 2), ...p.buf.subarray(18, 20), ...p.buf.subarray(36)]).toEqual([
    0, 1, 18, 19, 36, 37, 38, 39,
  ]);
});

describe("MAC addresses", () => {
  const mapped = (...bytes: number[]): number[] => {
    const out = Uint8Array.from([0xee, ...bytes, 0xee]);
    names.mac(out, 1);
    expect([out[0], out[7]]).toEqual([0xee, 0xee]);
    return [...out.subarray(1, 7)];
  };
  test("locally administered, the group bit kept; nobody and everybody stay", () => {
    const one = mapped(0x00, 0x1b, 0x21, 1, 2, 3);
    expect(one[0]! & 3).toBe(2);
    expect(one).not.toEqual(mapped(0x00, 0x1b, 0x21, 1, 2, 4));
    expect(mapped(0x01, 0x00, 0x5e, 1, 2, 3)[0]! & 3).toBe(3);
    expect(mapped(0, 0, 0, 0, 0, 0)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(mapped(255, 255, 255, 255, 255, 255)).toEqual([255, 255, 255, 255, 255, 255]);
  });
});

describe("host names", () => {
  const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9_-]{0,14}[a-z0-9])?$/);
  const shape = (text: string): string => text.replace(/[a-z]/g, "a").replace(/[0-9]/g, "0");

  test("length and shape stay: dots, dashes, letters, digits", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const name = `x${labels.join(".")}`;
        return shape(names.hostName(name)) === shape(name);
      }),
    );
  });

  test("two labels are never the same after", () => {
    fc.assert(fc.property(label, label, (a, b) => (names.hostName(`q${a}`) === names.hostName(`q${b}`)) === (a === b)));
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    const all = (of: readonly string[]): number => new Set(of.map((name) => names.hostName(name))).size;
    expect(all(letters)).toBe(26);
    expect(all(letters.flatMap((a) => letters.map((b) => a + b)))).toBe(26 * 26);
    expect(all(letters.flatMap((a) => [...Array(10).keys()].map((d) => `${a}${d}`)))).toBe(260);
  });

  test("hosts of one domain keep it, upper and lower case are one", () => {
    const [a, b] = [names.hostName("a.example.com"), names.hostName("b.example.com")];
    expect(a.slice(1)).toBe(b.slice(1));
    expect(a).not.toBe(b);
    expect(a).toMatch(/^[a-z]\.[a-z]{7}\.[a-z]{3}$/);
    expect(a).not.toContain("example");
    expect(names.hostName("A.Example.COM")).toBe(a);
    expect(names.hostName("example.com")).toBe(a.slice(2));
  });

  test("single labels are replaced, localhost is not; a port stays", () => {
    expect(names.hostName("orders")).toMatch(/^[a-z]{6}$/);
    expect(names.hostName("orders")).not.toBe("orders");
    expect(names.hostName("localhost")).toBe("localhost");
    expect(names.hostName("localhost:8080")).toBe("localhost:8080");
    expect(names.hostName("orders:8080")).toBe(`${names.hostName("orders")}:8080`);
  });

  test("the same key the same, another key another", () => {
    expect(makePseudonyms(KEY).hostName("shop.example")).toBe(names.hostName("shop.example"));
    expect(other.hostName("shop.example")).not.toBe(names.hostName("shop.example"));
  });

  test("an address keeps its length, as an address or as a name of letters", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const shown = names.hostName(address);
        return (
          shown.length === address.length &&
          (shown === names.address(address) || /^[a-z.]+$/.test(shown) || shown === address)
        );
      }),
    );
    fc.assert(fc.property(fc.ipV6(), (address) => names.hostName(address).length === address.length));
    expect(names.hostName("127.0.0.1:8280")).toBe("127.0.0.1:8280");
    expect(names.hostName("[::1]:80")).toBe("[::1]:80");
    expect(names.hostName("[2001:db8::5]:80")).toMatch(/^\[[0-9a-z:]{11}\]:80$/);
    expect(names.hostName("[2001:db8::5]:80")).not.toContain("db8");
  });

  test("whatever it is given, it answers, in linear time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => names.hostName(text).length === text.length),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => names.within(text).length === text.length),
    );
    for (const part of ["a", ".", ":", "a.", "1:", "%2F", "::", "a:b."]) {
      expect(names.within(part.repeat(100_000)).length).toBe(part.length * 100_000);
    }
  });
});

describe("within a text", () => {
  const h = names.hostName("shop.example");
  const a = names.address("203.0.113.9");
  test.each([
    ["", ""],
    ["connect to shop.example:443 failed.", `connect to ${h}:443 failed.`],
    ["(shop.example.)", `(${h}.)`],
    ["next=https%3A%2F%2Fshop.example%2Fa", `next=https%3A%2F%2F${h}%2Fa`],
    ["from 203.0.113.9:5000, again", `from ${a}:5000, again`],
    ["host 203.0.113.9 and port 80", `host ${a} and port 80`],
    ["peer:2001:db8::5.", `peer:${names.address("2001:db8::5")}.`],
    ["[2001:db8::5]:80", `[${names.address("2001:db8::5")}]:80`],
    ["127.0.0.1 and ::1 and localhost stay", "127.0.0.1 and ::1 and localhost stay"],
    ["version 8.0.36, 1.5 s, 12:30:45, std::string", "version 8.0.36, 1.5 s, 12:30:45, std::string"],
  ])("%s", (text, expected) => expect(withinReport(names, text)).toBe(expected));

  test("the length stays where it must", () => {
    const text = "at 203.0.113.9:80 for shop.example";
    expect(names.within(text).length).toBe(text.length);
    expect(names.within(text)).not.toContain("203.0.113.9");
  });
});
