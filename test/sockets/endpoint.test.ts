// Which address and port does a column name?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEnd } from "../../src/sockets/endpoint.ts";

const port = (name: string): number | null => (name === "http" ? 80 : null);

describe("readEnd", () => {
  it.each([
    ["10.0.0.5:8280", "10.0.0.5", 8280],
    ["0.0.0.0:*", "*", null],
    ["*:*", "*", null],
    [":::80", "*", 80],
    ["[::]:http", "*", 80],
    ["::1:8280", "::1", 8280],
    ["[2001:DB8:0:0::1]:65535", "2001:db8::1", 65535],
    ["::ffff:172.21.191.100:443", "172.21.191.100", 443],
    ["127.0.0.53%lo:53", "127.0.0.53", 53],
    ["*%lo:68", "*", 68],
    ["[fe80::1]%eth0:22", "fe80::1", 22],
    ["[fe80::1%eth0]:22", "fe80::1", 22],
    ["fe80::1%12:22", "fe80::1", 22],
    ["localhost:http", "localhost", 80],
    ["shop_1.example.com:unheard-of", "shop_1.example.com", null],
    ["10.0.0.5:0", "10.0.0.5", null],
  ])("reads %s", (text, address, n) => expect(readEnd(text, ":", port)).toEqual({ address, port: n }));

  it.each([
    ["10.0.0.5.8280", "10.0.0.5", 8280],
    ["*.*", "*", null],
    ["::1.631", "::1", 631],
    ["fe80::1%lo0.http", "fe80::1", 80],
  ])("reads BSD's %s", (text, address, n) => expect(readEnd(text, ".", port)).toEqual({ address, port: n }));

  it.each([
    "",
    ":",
    ":80",
    "10.0.0.5",
    "10.0.0.5:",
    "10.0.0.5:65536",
    "10.0.0.5:123456",
    "a b:80",
    "[::1:80",
    "x:-",
    `${"a".repeat(300)}:80`,
  ])("does not read %s", (text) => expect(readEnd(text, ":", port)).toBeNull());

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => void readEnd(text, ":", port)));
  });
});
