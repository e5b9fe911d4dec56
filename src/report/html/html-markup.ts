// How does text become HTML in which nothing that was captured can act? By one template tag that escapes whatever it is given.

import { visible } from "../../core/escape.ts";
import { formatNumber } from "../../core/format.ts";

/** Markup that is finished: only the tag {@link html} and {@link trusted} make it. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = string | number | Html | readonly Content[] | null;

/** Longer texts of a report are cut on the page; the JSON has them whole. Ten times what the longest summary needs. */
const MAX_TEXT = 8_000;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for an element or a quoted attribute. What cannot be seen, or deceives the eye, is written as an escape. */
export function escaped(text: string): string {
  const shown = text.length <= MAX_TEXT ? text : cutText(text);
  return visible(shown).replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}

const cutText = (text: string): string =>
  `${text.slice(0, MAX_TEXT)} … (${formatNumber(text.length - MAX_TEXT)} more characters)`;

/** Several lines; each is escaped by itself. */
export const lines = (text: string): Html =>
  new Html(
    text
      .split("\n")
      .map((line) => escaped(line))
      .join("\n"),
  );

/** Markup that this program wrote, or a drawing that comes finished from diagram/. */
export const trusted = (markup: string): Html => new Html(markup);

const markupOf = (content: Content): string => {
  if (content === null) return "";
  if (content instanceof Html) return content.markup;
  if (typeof content === "object") return content.map(markupOf).join("");
  return escaped(String(content));
};

/** `` html`<p class="x">${text}</p>` ``: texts are escaped, markup stays, lists are joined. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let markup = strings[0]!;
  values.forEach((value, i) => {
    markup += markupOf(value) + strings[i + 1]!;
  });
  return new Html(markup);
}

const encoder = new TextEncoder();
export const byteLength = (text: string): number => encoder.encode(text).length;

/** As many of the pieces, from the first on, as fit into so many bytes of UTF-8; and how many are left. */
export function fitting(pieces: Iterable<Html>, maxBytes: number): { shown: Html[]; left: number } {
  const shown: Html[] = [];
  let room = maxBytes;
  let left = 0;
  for (const piece of pieces) {
    if (left === 0) room -= byteLength(piece.markup);
    if (left > 0 || room < 0) left++;
    else shown.push(piece);
  }
  return { shown, left };
}

/** A list with as many items as fit, and a last one that counts the rest. */
export function listOf(items: readonly Html[], maxBytes: number, where = "in the JSON"): Html {
  const { shown, left } = fitting(items, maxBytes);
  const more = left === 0 ? null : html`<li class="more">and ${formatNumber(left)} more, ${where}</li>`;
  return html`<ul>${shown.map((item) => html`<li>${item}</li>`)}${more}</ul>`;
}
