// Do the signs of a flow say what its row says? Each by hand, and on conversations of all kinds against the rows themselves.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CaptureView, type FlowRow, isIpv4, Sign } from "../../src/core/flow-view.ts";
import { isBefore } from "../../src/core/frame.ts";
import { OPEN, type PlayOptions, script } from "./packet-script.ts";

const names = (text: string, options?: PlayOptions): string[] => {
  const { view } = script(text, options);
  return Object.entries(Sign)
    .filter(([, sign]) => [...view.flows(sign)].length > 0)
    .map(([name]) => name);
};

describe("signs", () => {
  it.each([
    ["a SYN", "c SYN", ["unanswered"]],
    ["a SYN and a RST", "c SYN\n s RST ACK", ["rst", "refused"]],
    ["an open connection", OPEN, []],
    ["payload", `${OPEN} c 'x'`, ["data"]],
    ["one that is older than the capture", "c 'x'\n s ACK", ["data", "partial"]],
    ["FINs and their ACKs at once", `${OPEN} c FIN ACK\n s FIN ACK\n c ACK`, ["smoothClose"]],
    ["one after the other", `${OPEN} c FIN ACK\n s ACK\n s FIN ACK\n c ACK`, ["smoothClose", "closedInTurn"]],
    ["one a second after the other", `${OPEN} c FIN ACK\n s ACK\n +1000 s FIN ACK\n c ACK`, ["roughClose", "idleEnd"]],
    ["a FIN alone", `${OPEN} c FIN ACK`, ["roughClose"]],
    ["FIN, FIN, RST", `${OPEN} c FIN ACK\n s FIN ACK\n c RST`, ["rst", "roughClose"]],
    [
      "a FIN after a second",
      `${OPEN} c 'x'\n s ACK\n +1000 s FIN ACK\n c FIN ACK\n s ACK`,
      ["data", "smoothClose", "idleEnd"],
    ],
    ["something sent again", `${OPEN} c 'xy'\n +300 c 'xy' seq=1\n s ACK`, ["data", "hindered"]],
    ["something lost", `${OPEN} c 'xy' lost\n c 'z'\n s ACK`, ["data", "hindered"]],
  ])("%s", (_, text, expected) => {
    expect(names(text).sort()).toEqual([...expected].sort());
  });

  it("hands out the flows that have one of several, in order, and the protocols", () => {
    const { view } = script("c SYN port=1\n c SYN port=2\n s RST ACK port=2\n c 'GET / HTTP/1.1\\r\\n\\r\\n' port=3");
    expect(Array.from(view.flows(Sign.refused | Sign.data), (f) => f.id)).toEqual([1, 2]);
    expect([...view.protocols]).toEqual(["http"]);
  });

  const line = fc.constantFrom(
    "c SYN",
    "s SYN ACK",
    "c ACK",
    "s ACK",
    "c len=40",
    "s len=300",
    "c len=20 lost",
    "+700 c FIN ACK",
    "c FIN ACK",
    "s FIN ACK",
    "+1200 s FIN ACK",
    "s FIN ACK seq=1",
    "c RST",
    "s RST ACK",
    "s ACK win=0",
  );

  it("are those of the rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, fc.integer({ min: 1, max: 3 })), { maxLength: 30 }),
        fc.constantFrom<PlayOptions>({}, { family: 6 }, { redirected: true }),
        (lines, options) => {
          const { view } = script(lines.map(([text, port]) => `${text} port=${port}`).join("\n"), options);
          for (const [name, sign] of Object.entries(Sign)) {
            const has = HAS[name as keyof typeof Sign];
            const expected = Array.from(view.flows(), (f) => (has(f) ? f.id : -1)).filter((id) => id >= 0);
            expect([name, ...Array.from(view.flows(sign), (f) => f.id)]).toEqual([name, ...expected]);
          }
        },
      ),
    );
  });
});

const ends = (f: FlowRow) => [f.client, f.server] as const;
const isSmooth = (f: FlowRow): boolean => {
  if (f.client.rst !== null || f.server.rst !== null) return false;
  const moments = [f.client.fin, f.server.fin, f.client.finAcked, f.server.finAcked];
  if (moments.some((m) => m === null)) return false;
  const times = moments.map((m) => m!.time);
  return Math.max(...times) - Math.min(times[0]!, times[1]!) < 1e9;
};
const HAS: Record<keyof typeof Sign, (f: FlowRow) => boolean> = {
  data: (f) => ends(f).some((e) => e.firstData !== 0),
  rst: (f) => ends(f).some((e) => e.rst !== null),
  refused: (f) => f.ending === "refused",
  unanswered: (f) => f.ending === "unanswered",
  notes: (f) => f.notes !== null,
  partial: (f) => f.handshake === "none" || f.oneDirection,
  smoothClose: isSmooth,
  closedInTurn: (f) =>
    isSmooth(f) && (isBefore(f.client.finAcked!, f.server.fin!) || isBefore(f.server.finAcked!, f.client.fin!)),
  roughClose: (f) => ends(f).some((e) => e.fin !== null) && !isSmooth(f),
  idleEnd: (f) => ends(f).some((e) => (e.idleBeforeFin ?? e.idleBeforeRst ?? 0) >= 1e9),
  hindered: (f) =>
    f.hasGaps ||
    ends(f).some(
      (e) =>
        e.missing > 0 || e.retransmissions > 0 || e.writesAfterClose > 0 || e.stalls !== null || e.repetitions !== null,
    ),
};

describe("addresses as numbers", () => {
  const places = (view: CaptureView) =>
    Array.from(view.flows(), ({ client, server }) => [
      [client.place, `${client.address} ${client.port}`] as const,
      [server.place, `${server.address} ${server.port}`] as const,
      [client.remotePlace, `${client.remote.address} ${client.remote.port}`] as const,
      [server.remotePlace, `${server.remote.address} ${server.remote.port}`] as const,
    ]).flat();

  it.each<PlayOptions>([{}, { family: 6 }, { redirected: true }, { swap: true }])("are one for one: %o", (options) => {
    const { view } = script(
      "c SYN client=1 port=1\n s SYN ACK port=1\n c SYN client=3 port=2\n c SYN client=1 port=3\n c SYN client=2 port=80 server=1",
      options,
    );
    const all = places(view);
    for (const [place, text] of all) for (const [other, name] of all) expect(place === other).toBe(text === name);
    for (const { client } of view.flows()) expect(isIpv4(client.host)).toBe(options.family !== 6);
  });

  it("of IPv4 are its bits", () => {
    const { view } = script("c SYN");
    expect(view.row(0).client.host).toBe(0x0a000001);
    expect(view.row(0).server.place).toBe(0x0a000002 * 65_536 + 80);
  });
});

it("moves one row over the flows that are asked for", () => {
  const { view } = script("c SYN port=1\n c SYN port=2\n c SYN port=3");
  expect(Array.from(view.rows([2, 0, 2]), (f) => f.client.port)).toEqual([3, 1, 3]);
});
