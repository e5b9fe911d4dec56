// How does a picture stand on the page? In a box that scrolls by itself, with its caption, and in words for those who cannot see it.

import type { PagePicture } from "../page-picture.ts";
import { pictureAnchor } from "./html-facts.ts";
import { type Html, html, lines, trusted } from "./html-markup.ts";

/** CSS pixels: up to these widths a drawing is made smaller to fit its window, as far as its letters can be read. */
const NARROW = 1000;
const MEDIUM = 1400;

function widthClass(svg: string): "narrow" | "medium" | "wide" {
  const width = Number(/<svg[^>]*? width="([\d.]+)"/.exec(svg)?.[1] ?? Number.POSITIVE_INFINITY);
  return width <= NARROW ? "narrow" : width <= MEDIUM ? "medium" : "wide";
}

export function figure(picture: PagePicture): Html {
  const { title, caption, svg, text, note, kind } = picture;
  return html`<figure class="figure ${kind}" id="${pictureAnchor(picture)}">
<figcaption><strong>${title}</strong> <span>${caption}</span></figcaption>
<div class="scroll drawing ${widthClass(svg)}" role="group" aria-label="Picture: ${title}" tabindex="0">${trusted(svg)}</div>
${note === null ? null : html`<p class="note">${note}</p>`}
<details class="words"><summary>The same in words<span class="unseen">: ${title}</span></summary>
<div class="scroll" role="group" aria-label="In words: ${title}" tabindex="0"><pre>${lines(text)}</pre></div></details>
</figure>`;
}

/** A picture that is long, folded until it is asked for. */
export function foldedFigure(picture: PagePicture): Html {
  return html`<details class="fold"><summary>The packets as a picture<span class="unseen">: ${picture.title}</span></summary>${figure(picture)}</details>`;
}
