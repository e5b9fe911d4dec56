// Is a case that lies in two rotated files one case, with the frames of both?

import { expect, it } from "vitest";
import { frameRef } from "../../src/core/frame.ts";
import type { ReportFinding } from "../../src/core/report.ts";
import { evidenceObjects } from "../../src/report/objects.ts";
import { citedCases, citedOf, evidenceSentence } from "../../src/report/sentences.ts";

const FILES = ["a.pcap", "b.pcap"];
/** A request at the end of one file, given up at the beginning of the next. */
const spanning = (flow: number) =>
  evidenceObjects({ flow, frames: [frameRef(0, 9), frameRef(1, 2), frameRef(0, 8), frameRef(0, 9)] }, FILES);

it("cites each file once, each frame once and in order, and says what continues", () => {
  expect(spanning(7)).toEqual([
    { flow: 7, file: "a.pcap", frames: [8, 9], wireshark: "frame.number == 8 || frame.number == 9" },
    { flow: 7, file: "b.pcap", frames: [2], wireshark: "frame.number == 2", continues: true },
  ]);
  expect(spanning(7).map(evidenceSentence)).toEqual(["flow 7, frames 8 and 9 of a.pcap", "flow 7, frame 2 of b.pcap"]);
});

it("shows three cases whole, however many files they lie in", () => {
  const cited = citedOf({ evidence: [1, 2, 3, 4].flatMap(spanning) } as unknown as ReportFinding);
  expect(cited).toHaveLength(6);
  expect(citedCases(cited)).toBe(3);
});
