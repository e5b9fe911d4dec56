// Does an end's word that it has no room show as spells, with what the peer had to say meanwhile? Frames and times by hand.

import { describe, expect, it } from "vitest";
import type { EndRow, Stalls } from "../../src/core/flow-view.ts";
import { OPEN, type PlayOptions, play, script, segments } from "./packet-script.ts";

const ends = (text: string, options?: PlayOptions): [client: EndRow, server: EndRow] => {
  const row = script(text, options).view.row(0);
  return [row.client, row.server];
};
const stalls = (text: string): Stalls | null => ends(text)[0].stalls;
const ms = (n: number): number => n * 1e6;
/** A moment: to the nanosecond, for tenths of milliseconds do not add up exactly. */
const at = (frame: number, time: number) => ({ frame, time: expect.closeTo(ms(time), 0) });
const FILLED = `${OPEN} s len=1000\n c ACK win=0\n`; // frames 4 and 5, at 0.4 and 0.5 ms (the first is at 0.1)

describe("spells of a zero window", () => {
  it("lasts from the segment that says zero to the next one of that side with room", () => {
    expect(stalls(`${FILLED} +300 c ACK win=200\n s len=1000\n c ACK`)).toEqual({
      count: 1,
      total: expect.closeTo(ms(300), 0),
      longest: expect.closeTo(ms(300), 0),
      pressed: 1,
      waited: expect.closeTo(ms(300), 0),
      longestWait: expect.closeTo(ms(300), 0),
      since: at(5, 0.5),
      last: at(5, 0.5),
      until: at(6, 300.5),
      open: false,
      stuck: 0,
    });
  });

  it("is one spell however often zero is said, and several when there was room in between", () => {
    const text = `${FILLED} +200 s seq=1000 ACK\n c ACK win=0\n +100 c ACK win=9\n s len=9\n c ACK win=0\n +50 c ACK win=9`;
    expect(stalls(text)).toMatchObject({ count: 2, since: at(5, 0.5), last: at(10, 300.8), until: at(11, 350.8) });
    expect(stalls(text)!.total).toBeCloseTo(ms(300.1 + 50), 0);
    expect(stalls(text)!.longest).toBeCloseTo(ms(300.1), 0);
  });

  it.each([
    ["a probe of nothing", "+200 s seq=1000 ACK"],
    ["a probe of one byte that is known", "+200 s seq=1000 len=1"],
    ["a byte beyond the window", "+200 s len=1"],
    ["the whole segment and a byte more", "+200 s seq=1 len=1001"],
    ["the segment again", "+200 s seq=1 len=1000"],
  ])("knows that the peer had more to say by %s", (_, probe) => {
    expect(stalls(`${FILLED} ${probe}\n c ACK win=0 ack=1001\n +100 c ACK win=9 ack=1001`)).toMatchObject({
      count: 1,
      pressed: 1,
      waited: expect.closeTo(ms(300.1), 0),
    });
  });

  it("is not waited for by a peer that had nothing to say until later", () => {
    const quiet = { count: 1, pressed: 0, waited: 0, longestWait: 0, open: false };
    expect(stalls(`${FILLED} +300 c ACK win=9`)).toMatchObject(quiet);
    expect(stalls(`${FILLED} +300 c ACK win=9\n +201 s len=9\n c ACK`)).toMatchObject(quiet);
  });

  it("is open when the capture ends, and has lasted until then", () => {
    expect(stalls(`${FILLED} +200 s seq=1000 ACK\n c ACK win=0\n +400 s seq=1000 ACK`)).toMatchObject({
      total: expect.closeTo(ms(600.1), 0),
      longestWait: expect.closeTo(ms(600.1), 0),
      pressed: 1,
      until: null,
      open: true,
      stuck: expect.closeTo(ms(600.1), 0),
    });
  });

  it.each(["s RST seq=1001", "c RST"])("ends with the connection (%s)", (rst) => {
    expect(stalls(`${FILLED} +700 ${rst}`)).toMatchObject({ until: at(6, 700.5), open: false, stuck: 0 });
    const pressed = stalls(`${FILLED} +200 s seq=1000 ACK\n +500 ${rst}`);
    expect(pressed).toMatchObject({ until: at(7, 700.5), open: false, stuck: expect.closeTo(ms(700), 0) });
  });

  it("ends with the connection also when both have closed", () => {
    const text = `${FILLED} s FIN ACK\n c ACK win=0\n c FIN ACK win=0\n +3 s ACK\n +5000 c SYN port=4711`;
    expect(stalls(text)).toMatchObject({ count: 1, until: at(9, 3.8), open: false });
    expect(stalls(text)!.total).toBeCloseTo(ms(3.3), 0);
  });

  it("does not end when a stray RST comes, which nobody accepts", () => {
    expect(stalls(`${FILLED} +100 s RST seq=900000000\n +100 s seq=1000 ACK`)).toMatchObject({ open: true });
  });

  it("is kept by side", () => {
    const [client, server] = ends(`${OPEN} c len=1000\n s ACK win=0\n +10 s ACK win=1`);
    expect([client.stalls, server.stalls?.count]).toEqual([null, 1]);
  });

  it("counts for a connection that the capture joined midway", () => {
    expect(stalls("c len=10\n s ACK\n s len=100\n c ACK win=0\n +40 c ACK win=5\n s len=10")).toMatchObject({
      count: 1,
      pressed: 1,
    });
  });
});

describe("what is no spell", () => {
  it.each([
    ["a SYN-ACK that offers nothing yet", "c SYN\n s SYN ACK win=0\n c ACK", 1],
    ["a SYN without window", "c SYN win=0\n s SYN ACK\n c ACK", 0],
    ["a RST, which has no window", `${OPEN} c RST ACK win=0`, 0],
    ["an acknowledgement that came late", `${OPEN} s len=9\n c ACK\n c ACK ack=1 win=0`, 0],
    ["an end that never said zero", `${OPEN} s len=9\n c ACK win=1`, 0],
  ])("%s", (_, text, end) => {
    expect(ends(text)[end]!.stalls).toBeNull();
  });

  it("a copy from another tap", () => {
    const list = segments(`${FILLED} +20 c ACK win=9`);
    const twice = list.flatMap((s) => [s, { ...s, tap: 1, timeMs: s.timeMs + 0.01 }]);
    expect(play(twice, { watchCopies: true }).view.row(0).client.stalls).toMatchObject({ count: 1 });
  });

  it("an old acknowledgement with room does not end a spell", () => {
    expect(stalls(`${FILLED} c ACK ack=1 win=9\n +20 c ACK win=7`)).toMatchObject({ until: at(7, 20.6) });
  });
});
