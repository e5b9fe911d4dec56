// Is the way of a segment that goes straight on the same as the way through all the rules?

import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { OPEN, play, REQUEST, RESPONSE, type Segment, segments } from "./packet-script.ts";

const rules = vi.hoisted(() => ({ all: false, straight: 0 }));

vi.mock("../../src/flow/segment/follow.ts", async (load) => {
  const real = await load<typeof import("../../src/flow/segment/follow.ts")>();
  const goesOn: typeof real.goesOn = (...segment) => {
    if (rules.all || !real.goesOn(...segment)) return false;
    rules.straight++;
    return true;
  };
  return { ...real, goesOn };
});

const ordinary = fc.constantFrom(
  `${REQUEST}\n s ACK`,
  `${RESPONSE}\n c ACK`,
  "s 'HTTP/1.1 200 OK\\r\\nContent-Length: 2000\\r\\n\\r\\n'",
  "s len=900\n s len=900\n c ACK",
  "+300 s len=600\n c ACK",
  "+30 c 'bye'",
  "c ACK",
  "s ACK",
);
const other = fc.constantFrom(
  "s len=900 cap=20",
  "s len=900 lost",
  "c ACK seq=0",
  "c len=1 seq=0",
  "c ACK win=0",
  "s ACK win=0",
  "+1000 c len=40",
  "c len=40 ack=1",
  "s ACK ack=900",
  "s len=1",
  "c SYN",
  "s SYN ACK",
  "c FIN ACK",
  "s FIN ACK",
  "c RST ACK",
  "s RST",
);
const line = fc.oneof({ arbitrary: ordinary, weight: 6 }, { arbitrary: other, weight: 1 });
/** Further ones, to be swapped with the one before or seen twice. */
const disorder = fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 3 });
const conversation = fc
  .tuple(fc.constantFrom(OPEN, "", "s SYN ACK\n c ACK"), fc.array(line, { minLength: 4, maxLength: 24 }), disorder)
  .map(([opening, lines, changes]) => {
    const list = segments(`${opening}\n${lines.join("\n")}`);
    for (const [pick, isTwice] of changes) {
      const at = pick % list.length;
      const [segment] = list.slice(at, at + 1) as [Segment];
      list.splice(at, isTwice ? 0 : 1);
      list.splice(Math.max(0, at - 1), 0, segment);
    }
    return list;
  });

it("leaves the same in every column, log and exchange", () => {
  const outcome = (list: readonly Segment[], all: boolean, redirected: boolean): object => {
    rules.all = all;
    const { table, flows, exchanges } = play(list, { redirected });
    return { flows, exchanges, rows: table.exportRows() };
  };
  fc.assert(
    fc.property(conversation, fc.boolean(), (list, redirected) => {
      expect(outcome(list, false, redirected)).toEqual(outcome(list, true, redirected));
    }),
    { numRuns: 500 },
  );
  expect(rules.straight).toBeGreaterThan(2000);
});
