// Which pictures does a whole report have? The incident over time, who calls whom, and the packets of its first findings.

import { visible } from "../core/escape.ts";
import type { ReportFinding } from "../core/report.ts";
import type { Investigation } from "../investigate.ts";
import type { PagePicture } from "../report/page-picture.ts";
import { fileStem } from "../report/reproduction.ts";
import { isLines } from "../report/sentences.ts";
import { type DiagramKind, type Drawable, drawableOf, laddersOf } from "./drawable.ts";

/** Ladders are long, and the first ones tell the incident; `halfclose diagram ladder --finding ID` draws any other. */
const MAX_LADDERS = 6;
/** Columns of a picture in words: a phone on its side, a mail. */
const TEXT_WIDTH = 96;

/** A picture of the page, and what the bundle holds of it. */
export interface ReportPicture extends PagePicture {
  /** A whole SVG file, with the rules that turn it dark. Drawn when it is asked for, as the next. */
  file(): string;
  /** The code of a Mermaid diagram. */
  mermaid(): string;
}

export interface ReportPictures {
  /** In the order in which they are looked at. */
  pictures: ReportPicture[];
  /** Which there are none of, and why: one sentence each. */
  without: string[];
}

const WHOLE: readonly Exclude<DiagramKind, "ladder">[] = ["states", "exchanges", "ports", "topology"];
const NAMES: Record<Exclude<DiagramKind, "ladder">, string> = {
  states: "socket states",
  exchanges: "requests",
  ports: "ports in use",
  topology: "services",
};

/** Throws nothing of its own: where a second pass over the captures fails, the report has no ladder and says why. */
export async function picturesOf(from: Investigation): Promise<ReportPictures> {
  const pictures: ReportPicture[] = [];
  const without: string[] = [];
  const add = (drawn: Drawable | { because: string }, id: string, finding: string | null, name: string): void => {
    if ("because" in drawn) without.push(`No picture of ${name}: ${drawn.because}.`);
    else pictures.push(pictureOf(drawn, id, finding));
  };
  for (const kind of WHOLE) add(await drawableOf(kind, from), kind, null, NAMES[kind]);
  const found = laddered(from).slice(0, MAX_LADDERS);
  try {
    const ladders = await laddersOf(
      from,
      found.map(({ id }) => ({ finding: id })),
    );
    for (const [n, { id }] of found.entries()) add(ladders[n]!, `ladder-${fileStem(id)}`, id, `the packets of ${id}`);
  } catch (error) {
    // The capture is gone, or could not be kept while it came through a pipe. What was analysed stands.
    if (!(error instanceof Error) || error.name !== "CaptureError") throw error;
    without.push(`No pictures of packets: ${visible(error.message)}`);
  }
  return { pictures, without };
}

function pictureOf(drawn: Drawable, id: string, finding: string | null): ReportPicture {
  return {
    id,
    finding,
    kind: drawn.kind,
    title: drawn.title,
    caption: drawn.description,
    svg: drawn.element(),
    text: drawn.text({ width: TEXT_WIDTH, unicode: true }),
    note: null,
    file: drawn.file,
    mermaid: drawn.mermaid,
  };
}

/** Findings that packets prove: those of the diagnosis in its order, then the others. What is harmless needs no picture. */
function laddered({ report }: Investigation): ReportFinding[] {
  const { findings, diagnosis } = report;
  const byId = new Map(findings.map((f) => [f.id, f]));
  const inChain = diagnosis.chain.flatMap((step) => byId.get(step.finding) ?? []);
  return [...new Set([...inChain, ...findings.filter((f) => f.severity !== "info")])].filter((f) =>
    f.evidence.some((e) => !isLines(e)),
  );
}
