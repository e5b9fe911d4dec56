// Do the command lines mean what they say to a shell, whatever the paths hold?

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { ReportPacketEvidence } from "../../src/core/report.ts";
import {
  commandLine,
  filtersByFile,
  placeholderSentence,
  reproductionOf,
  shellWord,
} from "../../src/report/reproduction.ts";
import { madeUpReport } from "./made-up-report.ts";

const how = { captures: ["x.pcap"], reading: [], analyzing: [], note: null };

test.each([
  "plain.pcap",
  "it's here",
  "$(touch /tmp/hit) `id` ; rm -rf / | & > <",
  "a\\b\"c'd",
  "line\nfeed\ttab\x1b[31m\x7f",
  "right\u202eleft \u{e0041}",
  "",
  "*?[a-z]{1,2}~!#",
])("bash reads %j as one word, and as it was", (word) => {
  const quoted = shellWord(word);
  expect(quoted).toMatch(/^[^\p{Cc}\p{Cf}]+$/u);
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const read = execFileSync("bash", ["-c", `printf '%s\\0' ${quoted}`], { env }).toString();
  expect(read).toBe(`${word}\0`);
});

test("captures come before options; a dash is no option; what has no name is said", () => {
  expect(commandLine({ ...how, captures: ["-x.pcap"], reading: ["--from", "+1s"] }, "flows")).toBe(
    "halfclose flows ./-x.pcap --from +1s",
  );
  const pipe = { ...how, captures: ["-"] };
  expect(commandLine(pipe, "analyze", ["--format", "json"])).toBe("halfclose analyze CAPTURES --format json");
  expect(placeholderSentence(pipe)).toBe("CAPTURES stands for what was read from standard input.");
  expect(placeholderSentence(how)).toBeNull();
  expect(reproductionOf(madeUpReport()).captures).toEqual(["incident.pcap"]);
});

test("one filter a file, and tshark with it", () => {
  const cite = (file: string, frame: number): ReportPacketEvidence => ({
    flow: 1,
    file,
    frames: [frame],
    wireshark: `frame.number == ${frame}`,
  });
  expect(filtersByFile([cite("a.pcap", 1), cite("b c.pcap", 2), cite("a.pcap", 3)], madeUpReport())).toEqual([
    {
      file: "a.pcap",
      filter: "frame.number == 1 || frame.number == 3",
      left: 0,
      tshark: "tshark -r a.pcap -Y 'frame.number == 1 || frame.number == 3'",
    },
    { file: "b c.pcap", filter: "frame.number == 2", left: 0, tshark: "tshark -r 'b c.pcap' -Y 'frame.number == 2'" },
  ]);
});
