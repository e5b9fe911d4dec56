// What do all parts of the page share? The report, where its findings stand on the page, its pictures, and its day.

import { dayOf, formatTime } from "../../core/format.ts";
import type { Report, ReportFinding } from "../../core/report.ts";
import type { PagePicture } from "../page-picture.ts";
import { fileStem, type Reproduction } from "../reproduction.ts";
import { analysedSpan, splitFindings } from "../sentences.ts";
import { type Html, html } from "./html-markup.ts";

export interface PageFacts {
  report: Report;
  /** First and last moment of what was analysed. */
  span: { from: string; to: string } | null;
  /** Of the capture: times of it are written without. */
  day: string | undefined;
  serious: readonly ReportFinding[];
  notes: readonly ReportFinding[];
  blind: readonly ReportFinding[];
  /** By a finding's id: the id of its place on the page. Only of findings that have one: see {@link placeFindings}. */
  anchors: ReadonlyMap<string, string>;
  /** Those that fit on the page. */
  pictures: readonly PagePicture[];
  how: Reproduction;
}

export function pageFacts(report: Report, pictures: readonly PagePicture[], how: Reproduction): PageFacts {
  const span = analysedSpan(report);
  const { serious, notes, blind } = splitFindings(report);
  return {
    report,
    span,
    day: span === null ? undefined : dayOf(span.from),
    serious,
    notes,
    blind,
    anchors: anchorsOf(serious),
    pictures,
    how,
  };
}

/** Findings that have a place of their own on the page; those beyond are told in short, and have none. */
export const PLACED_FINDINGS = 60;

function anchorsOf(findings: readonly ReportFinding[]): Map<string, string> {
  const anchors = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id } of findings.slice(0, PLACED_FINDINGS)) {
    let anchor = `finding-${fileStem(id)}`;
    while (taken.has(anchor)) anchor += "-again";
    taken.add(anchor);
    anchors.set(id, anchor);
  }
  return anchors;
}

export const pictureAnchor = (picture: PagePicture): string => `picture-${fileStem(picture.id)}`;

export const laddersOf = (facts: PageFacts, finding: string): PagePicture[] =>
  facts.pictures.filter((p) => p.finding === finding);

/** A moment; machines read the whole of it. */
export function timeOf(iso: string, day: string | undefined): Html {
  return html`<time datetime="${iso}">${formatTime(iso, day)}</time>`;
}
