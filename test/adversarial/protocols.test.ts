// Do the stream decoders keep little and go on, where a message claims more than any has, never ends, or nests in itself? What a
// session keeps is counted as the size of its JSON, without the sink that it reports to.

import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { http2 } from "../../decoders/http2.ts";
import { memcached } from "../../decoders/memcached.ts";
import { mysql } from "../../decoders/mysql.ts";
import { postgres } from "../../decoders/postgres.ts";
import { redis } from "../../decoders/redis.ts";
import { tls } from "../../decoders/tls.ts";
import type { Side, StreamDecoder, StreamSession } from "../../src/core/stream-decoder.ts";
import { frame, get, hex, join, PREFACE, settings } from "../decoders/http2-wire.ts";
import * as my from "../decoders/mysql-script.ts";
import * as pg from "../decoders/postgres-script.ts";
import { bytesOf, Recorder } from "../decoders/recorder.ts";
import { CLIENT_12, SERVER_12 } from "../decoders/tls-bytes.ts";

const MIB = 1 << 20;
/** So much follows whatever was claimed, in segments of 64 KiB. */
const FOLLOWS = 8 * MIB;
const SEGMENT = 1 << 16;
/** Head buffers (the longest, of a start line, has 64 KiB), tables and what is shown of requests: a byte of a buffer takes eleven characters of JSON. */
const MOST_KEPT = 1 * MIB;

class Session {
  readonly sink: Recorder;
  private readonly session: StreamSession;
  private frame = 1;

  constructor(decoder: StreamDecoder) {
    this.sink = new Recorder(decoder.protocol);
    this.session = decoder.open(this.sink);
  }

  data(side: Side, bytes: Uint8Array): this {
    const frame = this.frame++;
    this.session.data(side, bytes, 0, bytes.length, frame, frame);
    return this;
  }

  /** The same bytes again and again. */
  flood(side: Side, bytes: Uint8Array, total = FOLLOWS): this {
    const times = Math.max(1, Math.floor(SEGMENT / bytes.length));
    const segment = join(...Array.from({ length: times }, () => bytes));
    for (let sent = 0; sent < total; sent += segment.length) this.data(side, segment);
    return this;
  }

  get kept(): number {
    const seen = new Set<unknown>();
    const text = JSON.stringify(this.session, (_, value: unknown) => {
      if (value === this.sink || seen.has(value)) return undefined;
      if (value !== null && typeof value === "object") seen.add(value);
      return value instanceof Map || value instanceof Set ? [...value] : value;
    });
    return text.length;
  }

  get answered(): number {
    return this.sink.exchanges.filter((e) => e.request !== null && e.response !== null).length;
  }
}

const u8 = (...values: number[]): Uint8Array => Uint8Array.from(values);
const A = u8(0x61);
const FF4 = [0xff, 0xff, 0xff, 0xff];

describe("lengths at their limits, and what follows them", () => {
  const asked = (): Record<string, Session> => ({
    redis: new Session(redis).data(0, bytesOf("GET k\r\n".replace("GET k", "*2\r\n$3\r\nGET\r\n$1\r\nk"))),
    mysql: new Session(mysql)
      .data(1, u8(...my.greeting()))
      .data(0, u8(...my.login()))
      .data(1, u8(...my.ok(2)))
      .data(0, u8(...my.query("SELECT 1"))),
    postgres: [...pg.opened, pg.c(pg.f.query("SELECT 1"))].reduce(
      (session, step) => ("bytes" in step ? session.data(step.side, step.bytes) : session),
      new Session(postgres),
    ),
  });

  const answers: [string, string, Uint8Array][] = [
    ["redis", "a string of 2³² − 1", bytesOf("$4294967295\r\n")],
    ["redis", "a string of 2⁶³ − 1", bytesOf("$9223372036854775807\r\n")],
    ["redis", "an array of 2³² − 1", bytesOf("*4294967295\r\n")],
    ["redis", "an array of 2⁶⁴", bytesOf("*18446744073709551616\r\n")],
    ["redis", "a map of 2³² − 1 arrays of 2³² − 1", bytesOf("%4294967295\r\n*4294967295\r\n")],
    ["redis", "a number of digits without end", bytesOf(`:${"9".repeat(60_000)}`)],
    ["mysql", "a packet of 2²⁴ − 1, the longest", u8(0xff, 0xff, 0xff, 1, 1)],
    ["mysql", "2⁶⁴ − 1 columns", u8(...my.packet(1, [0xfe, ...FF4, ...FF4]))],
    [
      "mysql",
      "a value of 2⁶⁴ − 1",
      u8(...my.count(1, 1), ...my.definition(2), ...my.packet(3, [0xfe, ...FF4, ...FF4])),
    ],
    ["postgres", "a message of 2³² − 1", u8(0x54, ...FF4)],
    ["postgres", "a message of 2³¹ − 1", u8(0x54, 0x7f, 0xff, 0xff, 0xff)],
    ["postgres", "a message of 0, shorter than its length", u8(0x54, 0, 0, 0, 0)],
    ["postgres", "a row of 65,535 columns", pg.message("D", pg.i16(0xffff), pg.i32(-1))],
  ];

  it.each(answers)("%s: %s", (protocol, _, answer) => {
    for (const follows of [A, answer, u8(0), u8(0xff), bytesOf("\r\n")]) {
      const session = asked()[protocol]!;
      session.data(1, answer).flood(1, follows, MIB).flood(0, follows, MIB);
      expect(session.kept).toBeLessThan(MOST_KEPT);
      expect(session.sink.exchanges.filter((e) => e.request !== null)[0]!.request!.method).toMatch(
        /^(GET|QUERY|LOGIN)/,
      );
    }
  });

  it("memcached: a value of 2³² − 1, and one of 2⁶⁴", () => {
    for (const length of ["4294967295", "18446744073709551616"]) {
      const session = new Session(memcached).data(0, bytesOf("get k\r\n"));
      session.data(1, bytesOf(`VALUE k 0 ${length}\r\n`)).flood(1, A, MIB);
      expect(session.kept).toBeLessThan(MOST_KEPT);
      expect(session.sink.exchanges.length).toBe(1);
    }
  });
});

describe("what never ends", () => {
  it.each([
    ["a request line", "GET /", "a"],
    ["a header", "GET / HTTP/1.1\r\nX: ", "a"],
    ["headers", "GET / HTTP/1.1\r\n", "X: y\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nX: y\r\n", " z\r\n"],
    ["empty lines", "GET / HTTP/1.1\r\n\r\n", "\r\n"],
    ["trailers", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"],
    ["a chunk's extension", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;", "a"],
  ])("HTTP/1: %s", (_, begin, goesOn) => {
    const session = new Session(http1).data(0, bytesOf(begin)).flood(0, bytesOf(goesOn));
    expect(session.kept).toBeLessThan(MOST_KEPT);
    expect(session.sink.exchanges.length).toBeLessThanOrEqual(1);
  });

  it("HTTP/1: interim answers, a million of one request", () => {
    const session = new Session(http1).data(0, bytesOf("GET / HTTP/1.1\r\n\r\n"));
    session.flood(1, bytesOf("HTTP/1.1 100 Continue\r\n\r\n"), 25e6);
    session.data(1, bytesOf("HTTP/1.1 204 No Content\r\n\r\n"));
    expect(session.sink.exchanges.length).toBe(1);
    expect(session.answered).toBe(1);
  });

  it("TLS: a hello of 2²⁴ − 1 in records of 16 KiB", () => {
    const record = join(u8(0x16, 3, 3, 0x40, 0), u8(1, 0xff, 0xff, 0xff), new Uint8Array(16_380));
    const more = join(u8(0x16, 3, 3, 0x40, 0), new Uint8Array(16_384));
    const session = new Session(tls).data(0, record).flood(0, more);
    expect(session.kept).toBeLessThan(MOST_KEPT);
  });

  it("TLS: records of a hello, one byte each, and records that are empty", () => {
    for (const piece of [u8(0x16, 3, 1, 0, 1, 0), u8(0x16, 3, 1, 0, 0)]) {
      const session = new Session(tls).data(0, u8(0x16, 3, 1, 0, 4, 1, 0, 0xff, 0xff)).flood(0, piece, MIB);
      expect(session.kept).toBeLessThan(MOST_KEPT);
    }
  });

  it("TLS: a record that is never complete, behind a handshake", () => {
    const session = new Session(tls)
      .data(0, CLIENT_12)
      .data(1, SERVER_12)
      .data(0, u8(0x17, 3, 3, 0x48, 0));
    for (let n = 0; n < 20_000; n++) session.data(0, A);
    expect(session.kept).toBeLessThan(MOST_KEPT);
  });
});

describe("HTTP/2", () => {
  const opened = () => new Session(http2).data(0, join(PREFACE, settings)).data(1, settings);
  const SOME = 20_000;

  it("streams counted up to 2³¹, with a step between: only those that can be open at once are kept", () => {
    const session = opened();
    const STREAMS = 70_000;
    const step = 2 * Math.floor(2 ** 30 / STREAMS);
    for (let n = 0; n < STREAMS; n++) session.data(0, get(1 + n * step, "/"));
    const inside = session as unknown as { session: { streams: { open: Map<number, unknown> } } };
    expect(session.sink.exchanges.length).toBe(STREAMS);
    expect(inside.session.streams.open.size).toBeLessThanOrEqual(65_536);
  });

  it("stream 2³¹ − 1, then the first again: numbers only grow", () => {
    const session = opened()
      .data(0, get(2 ** 31 - 1, "/last"))
      .data(0, get(1, "/first"));
    expect(session.sink.exchanges.length).toBeGreaterThanOrEqual(1);
    expect(session.kept).toBeLessThan(MOST_KEPT);
  });

  it("HPACK: table sizes announced again and again, up and down", () => {
    const updates = join(...Array.from({ length: 2000 }, () => hex("20 3fe1 ff03")), hex("82 84 86"));
    const session = opened();
    for (let n = 0; n < 200; n++) session.data(0, frame(1, 4, 1 + 2 * n, updates));
    expect(session.kept).toBeLessThan(MOST_KEPT * 2);
  });

  it("HPACK: numbers of octets without end, and of 2⁶⁴", () => {
    for (const endless of [new Uint8Array(16_000).fill(0xff), join(hex("ff"), hex("ffffffffffffffffff01"))]) {
      const session = opened();
      for (let n = 0; n < 20; n++) session.data(0, frame(1, 4, 1 + 2 * n, endless));
      expect(session.kept).toBeLessThan(MOST_KEPT);
    }
  });

  it("HPACK: one long field kept, and named again in every octet of every block", () => {
    const long = join(hex("40 01 61 7f a1 1e"), new Uint8Array(3999).fill(0x62));
    const session = opened().data(0, frame(1, 4, 1, long));
    const bomb = frame(1, 4, 3, join(hex("82 84 86"), new Uint8Array(16_000).fill(0xbe)));
    for (let n = 0; n < 60; n++) session.data(0, bomb);
    expect(session.kept).toBeLessThan(MOST_KEPT);
  });

  it("settings, pings, priorities and window updates, without end: nothing is kept of them", () => {
    const frames = [
      settings,
      frame(6, 0, 0, new Uint8Array(8)),
      frame(2, 0, 3, new Uint8Array(5)),
      frame(8, 0, 0, FF4),
    ];
    for (const flood of frames) {
      const session = opened()
        .flood(0, flood, SOME * flood.length)
        .flood(1, flood, SOME * flood.length);
      expect(session.data(0, get(1, "/after")).sink.exchanges.length).toBe(1);
      expect(session.kept).toBeLessThan(MOST_KEPT);
    }
  });
});
