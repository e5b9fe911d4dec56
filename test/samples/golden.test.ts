// Do the samples' reports read as they were reviewed? The golden report lies beside its capture; `-u` writes it anew.

import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import { renderText } from "../../src/report/text.ts";
import { isCommitted, samples } from "./samples.ts";

// Fresh recordings have new times and ports: their truth is checked in truth.test.ts, their words are not.
describe.runIf(isCommitted).each(samples)("$name", ({ capture }) => {
  it("has the reviewed report", async () => {
    const report = await analyze([relative(process.cwd(), capture)]);
    await expect(renderText(report, { color: false, width: 80 })).toMatchFileSnapshot(
      join(dirname(capture), "report.txt"),
    );
  });
});
