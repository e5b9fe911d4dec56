// Which packets does a comment draw? The ladder that a bundle's report.md holds as Mermaid, and the same in characters from its report.html.
//
// The bundle is files: one that was written last week and one that is still in memory are read alike.

import { markdown } from "../../core/escape.ts";
import type { Report } from "../../core/report.ts";
import { escaped } from "../../report/html/html-markup.ts";

export interface Ladder {
  readonly title: string;
  /** Null where report.md holds none: it was too long. */
  readonly mermaid: string | null;
  /** Null where report.html does not show it. */
  readonly text: string | null;
}

/** The line above the block ends with a colon: src/report/markdown.ts. */
const BLOCK = /(?:^|\n)([^\n]*):\n\n(`{3,})mermaid\n([^`]*?)\n\2(?=\n|$)/;

/**
 * Each line of the code that src/diagram/ladder/ladder-mermaid.ts writes. A bundle from elsewhere could hold any other: links, directives,
 * styles. Those are not drawn.
 */
const LINE =
  /^ {2}(?:participant p\d+ as |Note (?:over p\d+(?:,p\d+)?|(?:left|right) of p\d+): |p\d+--?>>p\d+: )(?!.*%%).*$/;

export function ladderOf(report: Report, reportMd: string | null, reportHtml: string | null): Ladder | null {
  const block = BLOCK.exec(reportMd ?? "");
  const mermaid = block === null || !isLadder(block[3]!) ? null : block[3]!;
  const shown = report.findings.filter((f) => f.severity !== "info");
  const drawn = mermaid === null ? undefined : shown.find((f) => markdown(f.title) === block![1]);
  const inWords = figures(reportHtml ?? "");
  const chosen = drawn ?? shown.find((f) => inWords.has(escaped(f.title)));
  const text = chosen === undefined ? null : (inWords.get(escaped(chosen.title)) ?? null);
  if (mermaid === null && text === null) return null;
  return { title: chosen?.title ?? "The packets", mermaid, text };
}

function isLadder(code: string): boolean {
  const [first, ...lines] = code.split("\n");
  return first === "sequenceDiagram" && lines.every((line) => LINE.test(line));
}

const FIGURE = '<figure class="figure ladder"';
const END = "</figure>";

/** The ladders of a page in characters, by their title as the page writes it (src/report/html/html-picture.ts). */
function figures(page: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = page.indexOf(FIGURE); at >= 0; at = page.indexOf(FIGURE, at + 1)) {
    const end = page.indexOf(END, at);
    if (end < 0) break;
    const figure = page.slice(at, end);
    const title = between(figure, "<figcaption><strong>", "</strong>");
    const text = between(figure, "<pre>", "</pre>");
    if (title !== null && text !== null && !found.has(title)) found.set(title, unescaped(text));
  }
  return found;
}

function between(text: string, open: string, close: string): string | null {
  const from = text.indexOf(open);
  const to = from < 0 ? -1 : text.indexOf(close, from);
  return to < 0 ? null : text.slice(from + open.length, to);
}

const CHARACTERS: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };

/** What src/report/html/html-markup.ts escaped. */
const unescaped = (text: string): string => text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name) => CHARACTERS[name]!);
