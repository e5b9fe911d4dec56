// Is a connection that begins as HTTP/1.1 and goes on as HTTP/2 followed through? (`Upgrade: h2c`, RFC 7540 §3.2)

import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { http2 } from "../../decoders/http2.ts";
import type { Protocol, StreamSession } from "../../src/core/stream-decoder.ts";
import { data, END_STREAM, get, ok, PREFACE, rst, settings, settingsAck } from "./http2-wire.ts";
import { bytesOf, Recorder } from "./recorder.ts";

/** As the flow room does it: whoever took over gets what comes next. */
class Room extends Recorder {
  session: StreamSession = http1.open(this);
  readers: readonly Protocol[];
  frame = 0;
  constructor(readers: readonly Protocol[] = ["http2"]) {
    super();
    this.readers = readers;
  }
  override upgraded(to?: Protocol): StreamSession | null {
    super.upgraded(to);
    if (to === undefined || !this.readers.includes(to)) return null;
    this.session = http2.open(this);
    return this.session;
  }
  say(side: 0 | 1, cut: number, ...parts: readonly (string | Uint8Array)[]): this {
    const bytes = Uint8Array.from(parts.flatMap((p) => (typeof p === "string" ? [...bytesOf(p)] : [...p])));
    for (let at = 0; at < bytes.length; at += cut) {
      this.frame++;
      this.session.data(side, bytes, at, Math.min(bytes.length, at + cut), this.frame, this.frame * 1000);
    }
    return this;
  }
}

const ASK =
  "GET /first HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

describe("h2c", () => {
  it.each([100_000, 40, 1])("the upgraded request is answered on stream 1 (segments of up to %i)", (cut) => {
    const room = new Room().say(0, cut, ASK).say(1, cut, SWITCH, settings);
    room.say(0, cut, PREFACE, settings, settingsAck, get(3, "/second"));
    room.say(1, cut, ok(3), ok(1), data(1, 20, END_STREAM), data(3, 5, END_STREAM));
    expect(room.upgradedTo).toBe("http2");
    // 101 counts as interim: the final response is the one of HTTP/2.
    expect(room.lines()).toEqual(["GET /first @a.example. +1 > 200.", "GET /second @a.example. > 200."]);
    expect(room.exchanges.map((x) => x.responseBytes)).toEqual([20, 5]);
  });

  it("in the segment of the 101 there may be the answer already", () => {
    const room = new Room().say(0, 1000, ASK).say(1, 1000, SWITCH, settings, ok(1, END_STREAM));
    expect(room.lines()).toEqual(["GET /first @a.example. +1 > 200."]);
    expect(room.exchanges[0]!.response!.frame).toBe(2);
  });

  it("an upgraded request may never be answered, and may be taken back", () => {
    const room = new Room().say(0, 1000, ASK).say(1, 1000, SWITCH, settings).say(0, 1000, PREFACE, settings, rst(1, 8));
    expect(room.lines()).toEqual(["GET /first @a.example. +1 > -"]);
    expect(room.cancelled).toEqual([{ exchange: room.exchanges[0], side: 0, frame: 3 }]);
  });

  it("a server that does not upgrade answers in HTTP/1.1", () => {
    const room = new Room().say(0, 1000, ASK).say(1, 1000, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    room.say(0, 1000, "GET /b HTTP/1.1\r\n\r\n").say(1, 1000, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    expect(room.lines()).toEqual(["GET /first @a.example. > 200.", "GET /b. > 404."]);
    expect(room.isUpgraded).toBe(false);
  });

  it("where the head of the 101 is cut, the rest of its segment is unseen", () => {
    const room = new Room().say(0, 1000, ASK).say(1, 1000, SWITCH.slice(0, -4), "\r\n");
    room.session.gap(1, 30, "snap");
    room.say(0, 1000, PREFACE, settings, get(3, "/b")).say(1, 1000, ok(3, END_STREAM), ok(1, END_STREAM));
    expect(room.lines()).toEqual(["GET /first @a.example. +1 > 200. (snap)", "GET /b @a.example. > 200."]);
  });

  it("without the request, the client of HTTP/2 is known nevertheless", () => {
    const room = new Room().say(1, 1000, SWITCH, settings).say(0, 1000, PREFACE, settings, get(3, "/b"));
    room.say(1, 1000, ok(3, END_STREAM), ok(1, END_STREAM));
    expect(room.lines()).toEqual(["GET /b @a.example. > 200.", "? > 200."]);
  });

  it("101 to anything else, or with nobody to read HTTP/2, is the answer", () => {
    const websocket = SWITCH.replace("h2c", "websocket");
    for (const room of [
      new Room([]).say(0, 1000, ASK).say(1, 1000, SWITCH),
      new Room().say(0, 1000, ASK).say(1, 1000, websocket),
    ]) {
      room.say(1, 1000, settings);
      expect(room.lines()).toEqual(["GET /first @a.example. > 101."]);
    }
  });
});
