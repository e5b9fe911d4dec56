// Is only that drawn which this program draws, whatever a bundle holds?

import { describe, expect, it } from "vitest";
import { markdown } from "../../src/core/escape.ts";
import { escaped } from "../../src/report/html/html-markup.ts";
import { ladderOf } from "../../src/ticket/bundle/bundle-ladder.ts";
import { FINDING, madeUpReport } from "../report/made-up-report.ts";

const TITLE = 'a <b> & "c" did not *answer*';
const report = madeUpReport({ findings: [{ ...FINDING, title: TITLE }] });
const LADDER = ["sequenceDiagram", "  participant p0 as a<br/>client", "  p0->>p1: 1: SYN", "  Note over p0,p1: later"];
const page = (text: string, title = escaped(TITLE)): string =>
  `<figure class="figure states" id="x"><pre>no</pre></figure><figure class="figure ladder" id="y">
<figcaption><strong>${title}</strong></figcaption><svg></svg><pre>${text}</pre></figure>`;
const md = (lines: readonly string[], title = markdown(TITLE)): string =>
  `# What happened\n\n${title}:\n\n\`\`\`mermaid\n${lines.join("\n")}\n\`\`\`\n\n## Ruled out\n`;

describe("the ladder of a bundle", () => {
  it("is that of report.md, with the words of the same finding on the page", () => {
    expect(ladderOf(report, md(LADDER), page("a -&gt; b"))).toEqual({
      title: TITLE,
      mermaid: LADDER.join("\n"),
      text: "a -> b",
    });
    expect(ladderOf(report, md(LADDER), page("x", "another"))).toMatchObject({ title: TITLE, text: null });
    expect(ladderOf(report, null, page("a -&gt; b"))).toEqual({ title: TITLE, mermaid: null, text: "a -> b" });
    expect(ladderOf(report, null, null)).toBeNull();
    expect(ladderOf(report, "", '<figure class="figure ladder"')).toBeNull();
  });

  it.each([
    '  click p0 href "https://example.com"',
    "  link p0: x @ https://example.com",
    "  %%{init: {}}%%",
    "  p0->>p1: x %%{init: {}}%%",
    "  p0->>p1",
    "flowchart TD",
    "  style p0 fill:#f00",
    "  participant p0 as a\r  click p0 href x",
  ])("is not drawn with a line that is not ours: %j", (line) => {
    expect(ladderOf(report, md([...LADDER, line]), null)).toBeNull();
  });

  it("is the words alone where the code is another diagram's", () => {
    expect(ladderOf(report, md(["flowchart TD", "  p0"]), page("words"))).toMatchObject({
      mermaid: null,
      text: "words",
    });
  });
});
