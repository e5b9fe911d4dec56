// Is a framing understood as it was described, and is a slip of the pen told in one helpful line?

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { parseFrames } from "../../src/core/frame-option.ts";

const one = (text: string) => parseFrames([text])[0]!;
const MIB = 1_048_576;

describe("parseFrames", () => {
  it("takes the shortest description with its defaults", () => {
    expect(one("port=7000,length=u32be")).toEqual({
      text: "port=7000,length=u32be",
      ports: { first: 7000, last: 7000 },
      length: { offset: 0, type: "u32be" },
      header: 4,
      includes: "payload",
      max: 16 * MIB,
      magic: new Uint8Array(0),
      id: null,
      type: null,
      reply: false,
    });
  });

  it("takes every setting", () => {
    const text =
      " port = 7000-7009 , Length=U16LE,offset=6,header=12,includes=all,max=64KiB,magic=0xCAFE,id=8:u32be,type=2:u8";
    expect(one(text)).toMatchObject({
      ports: { first: 7000, last: 7009 },
      length: { offset: 6, type: "u16le" },
      header: 12,
      includes: "all",
      max: 65_536,
      magic: Uint8Array.of(0xca, 0xfe),
      id: { offset: 8, type: "u32be" },
      type: { offset: 2, type: "u8" },
    });
  });

  it("puts the length behind the magic, and lets a varint end the header", () => {
    expect(one("port=1,length=varint,magic=0a0b0c")).toMatchObject({
      length: { offset: 3, type: "varint" },
      header: null,
    });
    expect(one("port=1,length=u24be,reply=yes")).toMatchObject({ header: 3, reply: true });
  });

  it.each([
    ["1000", 1000],
    ["4k", 4096],
    ["1MiB", MIB],
    ["2GB", 2048 * MIB],
  ])("max=%s is %i bytes", (text, max) => {
    expect(one(`port=1,length=u32be,max=${text}`).max).toBe(max);
  });

  it.each([
    ["length=u32be", "no port"],
    ["port=7000", "no length; one of u8, u16be"],
    ["port=0,length=u8", "port is one port or a range"],
    ["port=70000,length=u8", "port is one port or a range"],
    ["port=9-8,length=u8", "port is one port or a range"],
    ["port=7000,length=u32", '"u32" is no type'],
    ["port=7000,length=u32be,size=8", '"size=8" is no setting; there are port='],
    ["port=7000,length=u32be,header", '"header" is no setting'],
    ["", '"" is no setting'],
    ["port=7000,length=u32be,port=7001", "port= is said twice"],
    ["port=7000,length=u32be,header=3", "header=3 ends before the length field, which ends at 4"],
    ["port=7000,length=u32be,offset=2,magic=cafebabe", "offset=2 puts the length into the 4 bytes of the magic"],
    ["port=7000,length=u32be,magic=xyz", "magic is written in hex"],
    ["port=7000,length=u32be,magic=000102030405060708090a0b0c0d0e0f10", "longer than 16 bytes"],
    ["port=7000,length=u32be,header=4000", "not a number of bytes up to 1024"],
    ["port=7000,length=u32be,max=lots", "max is a number of bytes"],
    ["port=7000,length=u32be,max=0", "max is a number of bytes"],
    ["port=7000,length=u32be,includes=header", "includes is payload or all"],
    ["port=7000,length=u32be,reply=maybe", "reply is yes or no"],
    ["port=7000,length=u32be,reply=yes,id=4:u32be", "take one of them"],
    ["port=7000,length=u32be,id=4", "id is an offset and a type"],
    ["port=7000,length=u32be,id=4:varint", '"varint" is no type'],
    ["port=7000,length=u32be,id=1020:u64be", "at most 1024 are looked at"],
    ["port=7000,length=varint,header=2", "leave header= out"],
    ["port=7000,length=varint,offset=2,id=2:u16be", "id must stand before the varint"],
  ])("%s: %s", (text, what) => {
    expect(() => one(text)).toThrow(UsageError);
    expect(() => one(text)).toThrow(what);
    expect(() => one(text)).toThrow(`--frame ${JSON.stringify(text)}`);
    expect(() => one(text)).not.toThrow("\n");
  });

  it("gives a port one framing", () => {
    const [a, b] = ["port=7000-7005,length=u8", "port=7005,length=u16be"];
    expect(() => parseFrames([a!, b!])).toThrow(`--frame "${b}": shares a port with "${a}"`);
    expect(parseFrames([a!, "port=7006,length=u8"])).toHaveLength(2);
    expect(parseFrames([])).toEqual([]);
  });
});
