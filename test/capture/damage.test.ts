// Is what was before the damage kept, and the damage reported with its place?

import { describe, expect, it } from "vitest";
import { CaptureError, sourceFromBytes } from "../../src/capture/source.ts";
import {
  block,
  concat,
  describeInterface,
  enhanced,
  fill,
  option,
  pcap,
  pcapHeader,
  pcapRecord,
  readAll,
  section,
  simple,
  text,
  Writer,
} from "./build.ts";

const read = (bytes: Uint8Array) => readAll([sourceFromBytes("made-up.pcap", bytes)]);
const u32s = (...values: number[]) => values.reduce((w, value) => w.u32(value), new Writer(true)).bytes;

const record = pcapRecord({ seconds: 1, data: fill(60) });
const RECORD = 76;
const ng = concat(section(), describeInterface(), enhanced({ units: 1_000_000n, data: fill(60) }));
/** 28 + 20 + 92. */
const NG = 140;

describe("a damaged capture", () => {
  // One good record, then this; the code, and the offset at which the damaged thing starts.
  const cases: [what: string, bytes: Uint8Array, code: string, offset: number][] = [
    ["pcap: 1 byte of a record header", concat(pcapHeader(), record, fill(1)), "record-cut-short", 24 + RECORD],
    ["pcap: 15 bytes of a record header", concat(pcapHeader(), record, fill(15, 0)), "record-cut-short", 24 + RECORD],
    ["pcap: a record without its bytes", concat(pcapHeader(), record, record.subarray(0, 16)), "record-cut-short", 100],
    [
      "pcap: a record without its last byte",
      concat(pcapHeader(), record, record.subarray(0, 75)),
      "record-cut-short",
      100,
    ],
    [
      "pcap: a record beyond reason",
      concat(pcapHeader(), record, u32s(1, 0, 262_145, 262_145), record),
      "record-too-long",
      100,
    ],
    [
      "pcap: a record of 4 GiB",
      concat(pcapHeader(), record, u32s(1, 0, 0xffff_ffff, 60), record),
      "record-too-long",
      100,
    ],
    ["pcapng: 7 bytes of a block", concat(ng, fill(7, 1)), "block-cut-short", NG],
    [
      "pcapng: a block without its last byte",
      concat(ng, enhanced({ units: 1n, data: fill(60) }).subarray(0, 91)),
      "block-cut-short",
      NG,
    ],
    [
      "pcapng: an unknown block that is cut",
      concat(ng, block(0x7777, fill(100_000)).subarray(0, 50_000)),
      "block-cut-short",
      NG,
    ],
    [
      "pcapng: an unknown block without its trailer",
      concat(ng, block(0x7777, fill(16)).subarray(0, 26)),
      "block-cut-short",
      NG,
    ],
    [
      "pcapng: lengths that differ",
      concat(ng, block(6, enhanced({ units: 1n, data: fill(60) }).subarray(8, 88), true, 88)),
      "block-length",
      NG,
    ],
    [
      "pcapng: lengths that differ, of an unknown block",
      concat(ng, block(0x7777, fill(8), true, 24)),
      "block-length",
      NG,
    ],
    ["pcapng: zeros", concat(ng, fill(64, 0)), "block-length", NG],
    ["pcapng: a block of 11 bytes", concat(ng, u32s(0x7777, 11, 11)), "block-length", NG],
    ["pcapng: a packet block too short", concat(ng, block(6, fill(12, 0))), "block-length", NG],
    ["pcapng: an interface block too short", concat(ng, block(1, fill(4, 0))), "block-length", NG],
    ["pcapng: a statistics block too short", concat(ng, block(5, fill(4, 0))), "block-length", NG],
    ["pcapng: a journal block too short", concat(ng, block(9, text("abc\n"))), "block-length", NG],
    ["pcapng: a custom block too short", concat(ng, block(0xbad, fill(0))), "block-length", NG],
    ["pcapng: an unknown block of 2 GiB", concat(ng, u32s(0x7777, 0x7fff_fff0), fill(40)), "block-too-long", NG],
    ["pcapng: a packet block of 2 MiB", concat(ng, u32s(6, 0x20_0000), fill(40)), "block-too-long", NG],
    [
      "pcapng: a packet beyond its block",
      concat(ng, block(6, concat(u32s(0, 0, 1, 100, 100), fill(60)))),
      "record-overruns-block",
      NG,
    ],
    ["pcapng: a simple packet beyond its block", concat(ng, simple(fill(60), 100)), "record-overruns-block", NG],
    ["pcapng: a packet beyond reason", concat(ng, enhanced({ units: 1n, data: fill(262_145) })), "record-too-long", NG],
    [
      "pcapng: an interface never described",
      concat(ng, enhanced({ interface: 1, units: 1n, data: fill(4) })),
      "unknown-interface",
      NG,
    ],
    [
      "pcapng: an interface of the section before",
      concat(ng, section(), enhanced({ units: 1n, data: fill(4) })),
      "unknown-interface",
      NG + 28,
    ],
    [
      "pcapng: an option beyond its block",
      concat(ng, enhanced({ units: 1n, data: fill(4), options: u32s((200 << 16) | 1) })),
      "bad-option",
      NG,
    ],
    [
      "pcapng: an interface's option beyond its block",
      concat(ng, describeInterface(1, u32s((200 << 16) | 2))),
      "bad-option",
      NG,
    ],
    ["pcapng: a section of a later version", concat(ng, section(true, [2, 0])), "unsupported-version", NG],
    ["pcapng: a section without byte order", concat(ng, block(0x0a0d0d0a, fill(16, 0x11))), "bad-section", NG],
  ];
  it.each(cases)("%s", async (_, bytes, code, offset) => {
    const { records, captures } = await read(bytes);
    expect(records.length).toBe(1);
    expect(records[0].data).toEqual([...fill(60)]);
    expect(captures[0].problems).toEqual([
      { code, offset, message: expect.stringContaining(`byte ${offset}`), fatal: false },
    ]);
    expect(captures[0].problems[0].message).not.toContain("\n");
  });

  it("says how much of the record is there", async () => {
    const { captures } = await read(concat(pcapHeader(), record, record.subarray(0, 46)));
    expect(captures[0].problems[0].message).toBe("record 2 at byte 100 is cut short: 30 of its 60 bytes are there");
  });

  it("keeps the first problems of a list, but no fatal one is lost", async () => {
    const { captures } = await read(pcap([]));
    const [capture] = captures;
    for (let i = 0; i < 50; i++) capture.problem("made-up", i, "made up");
    capture.problem("made-up-fatal", 50, "made up", true);
    expect(capture.problemCount).toBe(51);
    expect(capture.problems.length).toBe(21);
    expect(capture.failed).toBe(true);
  });
});

describe("what is no capture at all", () => {
  const named = (head: string, ...rest: Uint8Array[]) =>
    concat(
      Uint8Array.from(head, (char) => char.charCodeAt(0)),
      ...rest,
      fill(100, 0),
    );
  const cases: [what: string, bytes: Uint8Array, code: string, message: string][] = [
    ["nothing", fill(0), "empty", "empty (0 bytes)"],
    ["a cut pcap header", pcapHeader().subarray(0, 23), "header-cut-short", "pcap header"],
    ["a cut pcapng header", section().subarray(0, 6), "header-cut-short", "pcapng header"],
    ["random bytes", fill(64, 0x9c), "unknown-format", "not a capture"],
    ["zeros", fill(64, 0), "unknown-format", "not a capture"],
    ["two bytes", fill(2, 0xd4), "unknown-format", "not a capture"],
    [
      "another byte order in a section header",
      concat(u32s(0x0a0d0d0a, 28, 0x11111111), fill(16, 0)),
      "unknown-format",
      "not a capture",
    ],
    ["pcapng of a later version", concat(section(true, [2, 0]), describeInterface()), "unsupported-version", "2.0"],
    ["gzip without a decompressor", named("\x1f\x8b\x08\0"), "unsupported-format", "(gz); decompress it first"],
    ["lz4", named("\x04\x22\x4d\x18"), "unsupported-format", "lz4 -d"],
    ["xz", named("\xfd7zXZ\0"), "unsupported-format", "xz -d"],
    ["bzip2", named("BZh9"), "unsupported-format", "bzip2 -d"],
    ["zip", named("PK\x03\x04"), "unsupported-format", "zip archive"],
    ["snoop", named("snoop\0\0\0"), "unsupported-format", "snoop"],
    ["Network Monitor", named("GMBU"), "unsupported-format", "Network Monitor"],
    ["ELF", named("\x7fELF"), "unsupported-format", "program"],
    ["JSON", text('{"a": 1, "b": 2}\n'), "unsupported-format", "JSON"],
    ["HTML", text("\n<!DOCTYPE html><title>404</title>"), "unsupported-format", "HTML"],
    [
      "what tcpdump prints",
      text("12:00:00.1 IP 192.0.2.1.80 > 192.0.2.2.5: Flags [F.]\n"),
      "unsupported-format",
      "tcpdump -w",
    ],
  ];
  it.each(cases)("%s", async (_, bytes, code, message) => {
    const error = await read(bytes).then(
      () => null,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(CaptureError);
    expect(error).toMatchObject({ code, path: "made-up.pcap", exit: 3 });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^made-up\.pcap: [^\n]+$/);
  });

  it("is a problem of that file when others can be read", async () => {
    const { records, captures } = await readAll([
      sourceFromBytes("no.pcap", text("this is not a capture")),
      sourceFromBytes("yes.pcap", pcap([{ seconds: 5, data: fill(1) }])),
    ]);
    expect(records.map(({ file, frame }) => [file, frame])).toEqual([[1, 1]]);
    expect(captures.map(({ failed }) => failed)).toEqual([true, false]);
    expect(captures[0].problems[0]).toMatchObject({ code: "unsupported-format", offset: 0, fatal: true });
  });

  it("is an error when no file can be read", async () => {
    const sources = ["a", "b", "c"].map((path) => sourceFromBytes(path, fill(0)));
    await expect(readAll(sources)).rejects.toMatchObject({
      code: "empty",
      message: expect.stringMatching(/^a: it is empty .*\(and 2 more cannot be read either\)$/),
    });
    await expect(readAll([])).rejects.toMatchObject({ code: "no-capture" });
  });

  it("keeps what a failing disk gave, and says so", async () => {
    const bytes = pcap([1, 2].map((seconds) => ({ seconds, data: fill(60) })));
    let given = false;
    const open = () => ({
      read(into: Uint8Array, offset: number) {
        if (given) throw new CaptureError("reading failed (EIO)", { code: "read-failed", path: "disk.pcap" });
        given = true;
        into.set(bytes.subarray(0, 110), offset);
        return 110;
      },
      close() {},
    });
    const { records, captures } = await readAll([{ path: "disk.pcap", size: 176, open }]);
    expect(records.length).toBe(1);
    expect(captures[0].problems).toMatchObject([{ code: "read-failed", offset: 110, fatal: false }]);
  });
});

it("an option may be empty or end the list", async () => {
  const options = concat(option(1, fill(0)), option(0, fill(0)), fill(4));
  const { records, captures } = await read(concat(ng, enhanced({ units: 1n, data: fill(4), options })));
  expect([records.length, captures[0].commentCount, captures[0].problemCount]).toEqual([2, 1, 0]);
});
