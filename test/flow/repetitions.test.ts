// Does what an end sent again tell of the path: by number, by moments, without what only looks like it? Counts by hand.

import { describe, expect, it } from "vitest";
import type { Repetitions } from "../../src/core/flow-view.ts";
import { OPEN, script } from "./packet-script.ts";

const again = (text: string): Repetitions | null => script(text).view.row(0).server.repetitions;
const at = (frame: number, time: number) => ({ frame, time: expect.closeTo(time * 1e6, 0) });

describe("what was sent again", () => {
  it("counts a segment that the peer then acknowledged", () => {
    expect(again(`${OPEN} s len=9\n +200 s seq=1 len=9\n c ACK`)).toEqual({
      count: 1,
      events: 1,
      echoes: 0,
      doubtful: 0,
      first: at(5, 200.4),
      last: at(5, 200.4),
    });
  });

  it("counts one that was lost before the capture, by the hole that it fills", () => {
    expect(again(`${OPEN} s len=9 lost\n s len=9\n c ACK ack=1\n +50 s seq=1 len=9\n c ACK`)).toMatchObject({
      count: 1,
      first: at(6, 50.6),
    });
  });

  it("counts one that fills a hole at once, when its packet was sent later than those beyond the hole", () => {
    const swift = (id: number) => `${OPEN} s len=9 lost\n s len=9 id=65535\n s len=9 seq=1 id=${id}\n c ACK`;
    expect(again(swift(1))).toMatchObject({ count: 1 }); // 65535 + 2
    expect(again(swift(40_000))).toBeNull();
  });

  it("holds apart what the peer had acknowledged", () => {
    expect(again(`${OPEN} s len=9\n c ACK\n +200 s seq=1 len=9\n c ACK`)).toMatchObject({ count: 0, doubtful: 1 });
    expect(again(`${OPEN} s FIN ACK\n c ACK\n +200 s FIN ACK seq=1\n c ACK`)).toMatchObject({ count: 0, doubtful: 1 });
  });

  it("holds apart the last segment again while the peer may delay its acknowledgement", () => {
    const soon = { count: 0, doubtful: 1 };
    expect(again(`${OPEN} s len=9\n +199 s seq=1 len=9\n c ACK`)).toMatchObject(soon);
    expect(again(`${OPEN} s len=9\n s FIN ACK\n +4 s FIN ACK seq=10\n +36 c ACK`)).toMatchObject(soon);
    expect(again(`${OPEN} s len=9\n s len=9\n +9 s seq=1 len=9\n c ACK`)).toMatchObject({ count: 1, doubtful: 0 });
  });

  it("takes those within 200 ms for one event, and later ones for another", () => {
    const lost = "s len=9\n s len=9\n +30 c ACK ack=1\n s seq=1 len=9\n c ACK ack=10\n s seq=10 len=9\n c ACK ack=10";
    expect(again(`${OPEN} ${lost}`)).toMatchObject({ count: 2, events: 1 });
    expect(again(`${OPEN} ${lost}\n +199 s seq=10 len=9\n c ACK`)).toMatchObject({ count: 3, events: 1 });
    expect(again(`${OPEN} ${lost}\n +200 s seq=10 len=9\n c ACK`)).toMatchObject({ count: 3, events: 2 });
  });

  it("does not count again what met silence, nor what nobody ever answered", () => {
    const silence = "s len=9\n +200 s seq=1 len=9\n +400 s seq=1 len=9\n +800 s seq=1 len=9";
    expect(again(`${OPEN} ${silence}\n c ACK`)).toMatchObject({ count: 1, events: 1 });
    expect(again(`${OPEN} ${silence}`)).toBeNull();
  });

  it("counts the segments of one flight, which go out without an answer in between", () => {
    expect(again(`${OPEN} s len=9\n s len=9\n +200 s seq=1 len=9\n s seq=10 len=9\n c ACK`)).toMatchObject({
      count: 2,
    });
  });

  it("sees by its speed that a packet was captured twice", () => {
    const text = `${OPEN} s len=9\n s seq=1 len=9\n c ACK`;
    expect(again(text)).toMatchObject({ count: 0, echoes: 1 });
    expect(again(`${OPEN} s len=9\n c ACK\n s FIN ACK\n s FIN ACK seq=10\n c ACK`)).toBeNull(); // as macOS does
  });

  it("counts data and FIN in one segment once", () => {
    expect(again(`${OPEN} s FIN ACK len=9\n +200 s FIN ACK seq=1 len=9\n c ACK`)).toMatchObject({ count: 1 });
  });

  it.each([
    ["probes", `${OPEN} s len=9\n c ACK\n +900 s seq=9 ACK\n c ACK\n +900 s seq=9 len=1\n c ACK`],
    ["SYN-ACKs", "c SYN\n s SYN ACK\n +1000 s SYN ACK\n c ACK\n s len=9\n c ACK"],
    ["segments that were swapped", `${OPEN} s len=9 lost\n s len=9 id=8\n s len=9 seq=1 id=7\n c ACK`],
    [
      "segments that were swapped, without identification",
      `${OPEN} s len=9 lost\n s len=9 id=0\n s len=9 seq=1 id=0\n c ACK`,
    ],
  ])("leaves %s out", (_, text) => {
    expect(again(text)).toBeNull();
  });
});
