// Do the samples' reports and pictures look as they were reviewed? They lie beside their capture; `-u` writes them anew.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleOf } from "../../src/bundle.ts";
import { investigate } from "../../src/investigate.ts";
import { renderText } from "../../src/report/text.ts";
import { isCommitted, samples } from "./samples.ts";

// Fresh recordings have new times and ports: their truth is checked in truth.test.ts, their words are not.
describe.runIf(isCommitted).each(samples)("$name", ({ capture }) => {
  it("has the reviewed report and pictures", async () => {
    const folder = dirname(capture);
    const found = await investigate([relative(process.cwd(), capture)]);
    try {
      const text = renderText(found.report, { color: false, width: 80 });
      await expect(text).toMatchFileSnapshot(join(folder, "report.txt"));
      const reviewed = (await bundleOf(found)).files.filter(({ name }) => /\.(?:md|svg)$/.test(name));
      for (const { name, bytes } of reviewed)
        await expect(new TextDecoder().decode(bytes)).toMatchFileSnapshot(join(folder, name));
      const pictures = join(folder, "pictures");
      const there = existsSync(pictures) ? readdirSync(pictures).map((name) => `pictures/${name}`) : [];
      expect(there.sort()).toEqual(
        reviewed
          .map(({ name }) => name)
          .filter((name) => name.startsWith("pictures/"))
          .sort(),
      );
    } finally {
      await found.close();
    }
  });
});
