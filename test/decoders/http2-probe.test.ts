// Is HTTP/2 recognised, and nothing else taken for it?

import { describe, expect, it } from "vitest";
import { http2 } from "../../decoders/http2.ts";
import {
  data,
  END_STREAM,
  frame,
  hex,
  join,
  ok,
  PADDED,
  PREFACE,
  settings,
  settingsAck,
  u32,
  windowUpdate,
} from "./http2-wire.ts";
import { bytesOf } from "./recorder.ts";

describe("probe", () => {
  const probe = (bytes: Uint8Array) => http2.probe(bytes, 0, bytes.length);

  it("knows the preface from its first byte", () => {
    for (let n = 1; n < 24; n++) expect(probe(PREFACE.subarray(0, n))).toBe("more");
    expect(probe(PREFACE)).toBe("yes");
    expect(probe(join(PREFACE, settings))).toBe("yes");
    for (const text of ["POST / HTTP/1.1\r\n", "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSN"]) {
      expect(probe(bytesOf(text))).toBe("no");
    }
  });

  it("knows a server's SETTINGS, and frames that fill a segment", () => {
    expect(probe(settings)).toBe("yes");
    expect(probe(join(settings, settingsAck))).toBe("yes");
    expect(probe(join(ok(1), data(1, 20, END_STREAM)))).toBe("yes");
    expect(probe(join(windowUpdate(0), frame(6, 1, 0, new Uint8Array(8))))).toBe("yes");
  });

  it.each([
    ["one frame of any other type", ok(1)],
    ["a second frame that is cut", join(ok(1), data(1, 20)).subarray(0, -1)],
    ["a byte too many", join(ok(1), data(1, 20), [0])],
    ["zeros", new Uint8Array(90)],
    ["DATA on stream 0", join(data(0, 4), data(0, 4))],
    ["undefined flags", join(frame(1, 0x46, 1, [0x88]), data(1, 4))],
    ["a PING of 7 octets", join(frame(6, 0, 0, new Uint8Array(7)), settingsAck)],
    ["SETTINGS of 5 octets", join(frame(4, 0, 0, new Uint8Array(5)), settingsAck)],
    ["ENABLE_PUSH of 2", join(frame(4, 0, 0, [0, 2, ...u32(2)]), settingsAck)],
    ["a WINDOW_UPDATE by 0", join(windowUpdate(1, 0), settingsAck)],
    ["more padding than payload", join(frame(0, PADDED, 1, [9, 0, 0]), settingsAck)],
    ["a TLS record", hex("16 03 01 00 05 01 00 00 01 03")],
    ["PostgreSQL's startup", hex("00 00 00 08 04 d2 16 2f")],
    ["MySQL's COM_QUERY", hex("09 00 00 00 03 53 45 4c 45 43 54 20 31")],
    ["length-prefixed messages, u32be", hex("00 00 00 04 00 00 00 01 00 00 00 04 00 00 00 02")],
    [
      "DNS over TCP",
      hex("00 1d 12 34 01 00 00 01 00 00 00 00 00 00 07 65 78 61 6d 70 6c 65 03 63 6f 6d 00 00 01 00 01"),
    ],
  ])("is not taken in by %s", (_, bytes) => {
    expect(probe(bytes)).toBe("no");
  });
});
