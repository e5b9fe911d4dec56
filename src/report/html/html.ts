// What does a person see who opens the attachment of the ticket? One page that holds everything, asks nobody for anything, and says
// the answer first.
//
// Nothing in it can act but the one script that is written here: the policy names that script and the one style sheet by their hashes
// (CSP Level 3), and whatever was captured is escaped by the tag that makes the markup. It can be read without the script.

import type { Report } from "../../core/report.ts";
import type { PagePicture } from "../page-picture.ts";
import { type Reproduction, reproductionOf } from "../reproduction.ts";
import { answer, headlineOf, levelOf } from "./html-answer.ts";
import { chainSection } from "./html-chain.ts";
import { type PageFacts, pageFacts } from "./html-facts.ts";
import { findingsSection, notesSection } from "./html-findings.ts";
import { byteLength, type Html, html, trusted } from "./html-markup.ts";
import { figure } from "./html-picture.ts";
import { reproduceSection } from "./html-reproduce.ts";
import { servicesSection } from "./html-services.ts";
import { clearSection, ruledOutSection, trustSection } from "./html-trust.ts";
import { pageScript } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** One file that mail and trackers take; every section has its own share, the pictures have this. */
export const MAX_PAGE_BYTES = 3_000_000;
const PICTURE_BYTES = 1_300_000;

export interface PageOptions {
  /** As the program was called; without, by the captures' paths. */
  how?: Reproduction;
  /** Which pictures there are none of, and why: one sentence each. */
  without?: readonly string[];
}

export async function renderHtml(
  report: Report,
  pictures: readonly PagePicture[],
  { how = reproductionOf(report), without = [] }: PageOptions = {},
): Promise<string> {
  const { shown, left } = fittingPictures(pictures, PICTURE_BYTES);
  const facts = pageFacts(report, shown, how);
  const missing = [
    ...left.map((p) => `Left out, for the page would be too large: ${p.title}. ${wayTo(p)}`),
    ...without.slice(0, NAMED_WITHOUT),
  ];
  const script = `(${pageScript.toString()})();`;
  const policy = [
    "default-src 'none'",
    `style-src '${await hashOf(PAGE_STYLE)}'`,
    `script-src '${await hashOf(script)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="halfclose ${report.version}">
<title>${titleOf(facts)}</title>
<link rel="icon" href="${trusted(ICON)}">
<style>${trusted(PAGE_STYLE)}</style>
</head>
${body(facts, missing)}
<script>${trusted(script)}</script>
</html>
`.markup;
}

/** A ring of which one half is open: a connection half closed. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 2a6 6 0 0 0 0 12' fill='none' stroke='%230072b2' stroke-width='3'/%3E%3Cpath d='M10 2.4a6 6 0 0 1 0 11.2' fill='none' stroke='%23d55e00' stroke-width='3' stroke-dasharray='2.5 2'/%3E%3C/svg%3E";

/** Of a browser's tab. */
const TITLE_LENGTH = 100;

function titleOf(facts: PageFacts): string {
  const { headline } = headlineOf(facts);
  const short = headline.length <= TITLE_LENGTH ? headline : `${headline.slice(0, TITLE_LENGTH)}…`;
  return `${levelOf(facts)}: ${short}`;
}

/** Of a string's UTF-8, as a source expression: `sha256-…`. */
async function hashOf(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

/** Those that fit, in their order: one that is too large leaves room for the next. */
function fittingPictures(
  pictures: readonly PagePicture[],
  bytes: number,
): { shown: PagePicture[]; left: PagePicture[] } {
  const shown: PagePicture[] = [];
  const left: PagePicture[] = [];
  let room = bytes;
  for (const picture of pictures) {
    const size = byteLength(picture.svg) + byteLength(picture.text) * 2;
    if (size > room) left.push(picture);
    else {
      room -= size;
      shown.push(picture);
    }
  }
  return { shown, left };
}

interface Section {
  id: string;
  /** In the contents. */
  name: string;
  content: Html | null;
}

function body(facts: PageFacts, missing: readonly string[]): Html {
  const sections: Section[] = [
    { id: "over-time", name: "Over time", content: overTime(facts, missing) },
    { id: "chain", name: "How it came about", content: chainSection(facts) },
    { id: "findings", name: "Findings", content: findingsSection(facts) },
    { id: "services", name: "Services", content: servicesSection(facts) },
    { id: "trust", name: "Trust", content: trustSection(facts) },
    { id: "ruled-out", name: "Ruled out", content: ruledOutSection(facts) },
    { id: "clear", name: "Not found", content: clearSection(facts) },
    { id: "notes", name: "Harmless", content: notesSection(facts) },
    { id: "reproduce", name: "Reproduce", content: reproduceSection(facts) },
  ];
  const there = sections.filter((s) => s.content !== null);
  return html`<body>
<a class="skip" href="#answer">To the answer</a>
<header class="top"><p class="brand">${trusted(MARK)} halfclose <span>incident report</span></p>
<div class="controls" id="controls" hidden>
<fieldset class="choice"><legend class="unseen">Colours</legend>
<label><input type="radio" name="theme" value="auto" checked><span>Auto</span></label><label><input type="radio" name="theme" value="light"><span>Light</span></label><label><input type="radio" name="theme" value="dark"><span>Dark</span></label>
</fieldset>
<button type="button" id="open-all" aria-pressed="false">Open all</button>
</div></header>
<div class="columns">
<nav class="contents" aria-label="Contents"><ul><li><a href="#answer">The answer</a></li>${there.map((s) => html`<li><a href="#${s.id}">${s.name}</a></li>`)}</ul></nav>
<main>
${answer(facts)}
${there.map((s) => s.content)}
</main>
</div>
<footer class="foot"><p>Written by halfclose ${facts.report.version}. Times are UTC. Nothing on this page is fetched from anywhere.</p>
<div id="keys-note" hidden><details class="fold"><summary>Keyboard</summary><div class="inside">
<p><kbd>/</kbd> search the findings · <kbd>j</kbd> and <kbd>k</kbd> next and previous finding · <kbd>o</kbd> open or close all · <kbd>c</kbd> change colours</p>
<p><label><input type="checkbox" id="keys-on" checked> These keys are on</label></p></div></details></div>
<p class="unseen" id="said" role="status"></p>
</footer>
</body>`;
}

const MARK =
  '<svg class="mark" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true"><path class="shut" d="M7.4 2a6 6 0 0 0 0 12"/><path class="ajar" d="M9.6 2.2a6 6 0 0 1 0 11.6"/></svg>';

/** More of them say nothing more. */
const NAMED_WITHOUT = 12;

const wayTo = ({ kind }: PagePicture): string =>
  `It is in the bundle (--bundle), and halfclose diagram ${kind} draws it.`;

/** Pictures of the whole capture; what had no room is named with the way to get it. */
function overTime(facts: PageFacts, missing: readonly string[]): Html | null {
  const pictures = facts.pictures.filter((p) => p.finding === null && p.kind !== "topology");
  if (pictures.length === 0 && missing.length === 0) return null;
  return html`<section id="over-time" aria-labelledby="over-time-heading"><h2 id="over-time-heading">The incident over time</h2>
${pictures.map(figure)}
${missing.map((text) => html`<p class="note">${text}</p>`)}
</section>`;
}
