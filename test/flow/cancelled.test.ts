// A requester takes one request of a connection back (RST_STREAM): is an answer that was on its way late, as on a connection that is given up?

import { describe, expect, it } from "vitest";
import { data, END_STREAM, get, ok, PREFACE, rst, settings, settingsAck } from "../decoders/http2-wire.ts";
import { OPEN, play, segments } from "./packet-script.ts";

const raw = (...parts: readonly Uint8Array[]): string =>
  `'${parts
    .flatMap((p) => [...p])
    .map((b) => `\\x${b.toString(16).padStart(2, "0")}`)
    .join("")}'`;
const hello = `${OPEN} c ${raw(PREFACE, settings)}\n s ${raw(settings, settingsAck)}\n c ${raw(settingsAck)}\n`;
const CANCEL = 8;

function told(text: string) {
  const { exchanges, view, table } = play(segments(`${hello}${text}`));
  const [service] = view.services;
  return {
    exchanges: exchanges.map((e) => `${e.outcome}${e.gave_up ? ` ${e.gave_up}` : ""} ${e.waited_s?.toFixed(1)}`),
    service: service && [service.answered, service.late, service.unanswered],
    totals: table.ledger.totals,
    raw: table.ledger.kept,
  };
}
const answer = raw(ok(1), data(1, 10, END_STREAM));
const asked = ` c ${raw(get(1, "/slow"))}\n s ACK\n +1000 c ${raw(rst(1, CANCEL))}\n`;

describe("a cancelled request", () => {
  it.each([
    ["stays unanswered", asked, ["unanswered client 1.0"], [0, 0, 1]],
    ["answered behind its RST_STREAM: late", `${asked} +50 s ${answer}\n c ACK`, ["late client 1.1"], [0, 1, 0]],
    ["answered by the head alone: late", `${asked} +50 s ${raw(ok(1))}`, ["late client 1.1"], [0, 1, 0]],
    [
      "answered before: answered",
      ` c ${raw(get(1, "/"))}\n +100 s ${answer}\n c ${raw(rst(1, CANCEL))}`,
      ["answered 0.1"],
      [1, 0, 0],
    ],
    ["a body without a head is no answer", `${asked} s ${raw(data(1, 9))}`, ["unanswered client 1.0"], [0, 0, 1]],
    [
      "the answer to the next one is not its",
      `${asked} c ${raw(get(3, "/"))}\n +100 s ${raw(ok(3, END_STREAM))}\n c ACK`,
      ["unanswered client 1.0", "answered 0.1"],
      [1, 0, 1],
    ],
    [
      "late once, whatever else comes on its stream",
      `${asked} s ${answer}\n s ${answer}\n s ${answer}\n c ACK`,
      ["late client 1.0"],
      [0, 1, 0],
    ],
  ])("%s", (_, text, exchanges, service) => expect(told(text)).toMatchObject({ exchanges, service }));

  it("tells when it was given up, though the answer came later", () => {
    const { raw: kept } = told(`${asked} +50 s ${answer}`);
    expect(Math.round(kept[0]!.gaveUpAfter! / 1e6)).toBe(1000);
    expect(Math.round(kept[0]!.waited / 1e6)).toBe(1050);
  });

  it("is counted once", () => {
    const { totals } = told(`${asked} +50 s ${answer}`);
    expect(totals).toEqual({ requests: 1, answered: 0, late: 1, unanswered: 0, pending: 0, unknown: 0 });
  });

  it("of very many, the last 512 at least are looked for, and none is counted twice", () => {
    const ids = Array.from({ length: 1500 }, (_, n) => 2 * n + 1);
    const text = ids.map((id) => ` c ${raw(get(id, "/"), rst(id, CANCEL))}\n`).join("");
    const late = ids.map((id) => ` s ${raw(ok(id, END_STREAM))}\n`).join("");
    const { raw: kept, totals } = told(text + late);
    const isLate = kept.map((e) => e.outcome === "late");
    expect(isLate).toHaveLength(1500);
    expect(isLate.lastIndexOf(false)).toBeLessThan(1500 - 512);
    expect(totals).toMatchObject({ requests: 1500, answered: 0, pending: 0, unknown: 0 });
    expect(totals.late + totals.unanswered).toBe(1500);
    expect(totals.late).toBeLessThanOrEqual(1024);
  });
});
