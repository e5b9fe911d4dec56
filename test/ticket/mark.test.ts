// Is our comment known again by what does not change, and by nothing else?

import { describe, expect, it } from "vitest";
import type { Report, ReportCapture } from "../../src/core/report.ts";
import { claimOf, contentWords, digestOfText, markOf } from "../../src/ticket/mark.ts";
import type { OwnComment } from "../../src/ticket/tracker.ts";
import { madeUpReport } from "../report/made-up-report.ts";

const capture = (path: string, first_time: string | null): ReportCapture => ({
  ...madeUpReport().captures[0]!,
  path,
  first_time,
});
const AT = (minute: number): string => `2026-03-01T18:${minute}:00.000000000Z`;
const mark = (captures: ReportCapture[], level: "default" | "strict" = "default", as: string | null = null) =>
  markOf(madeUpReport({ captures, redaction: { level, key: null, replaced: {} } } satisfies Partial<Report>), as);

describe("the mark", () => {
  it("has always the same form, so that none is the beginning of another", async () => {
    for (const as of [null, "a", "a-b", "--> <b>", "ü".repeat(200)])
      expect(await mark([capture("a.pcap", AT(30))], "default", as)).toMatch(/^halfclose-[0-9a-f]{16}$/);
    expect(await mark([])).toMatch(/^halfclose-[0-9a-f]{16}$/);
    expect(await mark([capture("a.pcap", null)])).toMatch(/^halfclose-[0-9a-f]{16}$/);
  });

  it("is that of the same captures from elsewhere, and of a rotated set that has grown", async () => {
    const one = await mark([capture("/var/tmp/a-1.pcap", AT(30))]);
    expect(await mark([capture("C:\\captures\\a-1.pcap", AT(30))])).toBe(one);
    expect(await mark([capture("a-2.pcap", AT(35)), capture("a-1.pcap", AT(30)), capture("a-3.pcap", null)])).toBe(one);
  });

  it("is another's for another incident, and for a name", async () => {
    const captures = [capture("a.pcap", AT(30))];
    const all = await Promise.all([
      mark(captures),
      mark([capture("a.pcap", AT(31))]),
      mark([capture("b.pcap", AT(30))]),
      mark(captures, "default", "a.pcap"),
      mark(captures, "default", "database"),
    ]);
    expect(new Set(all).size).toBe(all.length);
    expect(await mark([], "default", "database")).toBe(all[4]);
  });

  it("with strict does not tell of a name, which is another with each key", async () => {
    const one = await mark([capture("file-1.pcap", AT(30))], "strict");
    expect(await mark([capture("file-7f3a.pcap", AT(30))], "strict")).toBe(one);
  });
});

describe("what the earlier comment says of a file", () => {
  const body = (text: string): OwnComment => ({ id: "1", url: null, body: text });
  const of = async (content: string): Promise<string> => contentWords(content.length, await digestOfText(content));

  it("is read in any markup, and across a broken line", async () => {
    const digest = await digestOfText("one");
    for (const text of [
      await of("one"),
      `| report.html | ${await of("one")} |`,
      `<td>${await of("one")}</td>`,
      (await of("one")).replaceAll(" ", "\n    "),
      JSON.stringify({ text: await of("one") }),
    ])
      expect(claimOf(body(text), 3, digest), text).toBe("this content");
    expect(claimOf(body(await of("two")), 3, digest)).toBe("another content");
    expect(claimOf(body(`${await of("two")}; ${await of("one")}`), 3, digest)).toBe("this content");
    expect(claimOf(body(await of("three")), 3, digest)).toBe("unknown");
    expect(claimOf(body(""), 3, digest)).toBe("unknown");
    expect(claimOf(null, 3, digest)).toBe("unknown");
  });

  it("is of a size, not of the end of one", async () => {
    expect(claimOf(body("1,003 bytes, sha256 0123456789ab"), 3, "0123456789ab")).toBe("unknown");
    expect(claimOf(body("1,003 bytes, sha256 0123456789ab"), 1003, "0123456789ab")).toBe("this content");
  });
});
