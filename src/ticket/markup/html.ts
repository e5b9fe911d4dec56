// How is a comment written in HTML for Request Tracker, so that nothing in it acts?
//
// RT shows `text/html` through its scrubber: these tags and no others that are used here (RT 5.0.3, RT::Interface::Web::Scrubber::Permissive).
// Addresses are made links afterwards ($Active_MakeClicky in RT_Config), which a character without width prevents. CODE is not among the
// scrubber's tags: code is set in a font of one width by a style that it lets through.

import { visible } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";

const ZERO_WIDTH_SPACE = "\u200b";
const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);

/** Characters are shown, none acts: in the tracker, and in the mail that it makes of the comment. */
export const htmlText = (text: string): string =>
  escapeHtml(visible(text))
    .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
    .replace(/\b(www|mailto)(?=[.:])/gi, `$1${ZERO_WIDTH_SPACE}`);

const MONOSPACE = 'style="font-family: monospace"';
const code = (text: string): string => `<span ${MONOSPACE}>${htmlText(text)}</span>`;
const pre = (text: string): string =>
  `<pre ${MONOSPACE}>${text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map(htmlText)
    .join("\n")}</pre>`;

/** Addresses of files by name, where the tracker has them; made by the tracker's own file, never taken from an answer. */
export type FileLinks = ReadonlyMap<string, string>;

/** One string a block. */
export function html(blocks: readonly Block[], links: FileLinks = new Map()): string[] {
  const inline = (word: Inline): string => {
    switch (word.kind) {
      case "text":
        return htmlText(word.text);
      case "strong":
        return `<strong>${htmlText(word.text)}</strong>`;
      case "code":
        return code(word.text);
      case "file": {
        const link = links.get(word.name);
        return link === undefined ? code(word.name) : `<a href="${escapeHtml(link)}">${htmlText(word.name)}</a>`;
      }
    }
  };
  const words = (inlines: readonly Inline[]): string => inlines.map(inline).join("");
  const written = (block: Block): string => {
    switch (block.kind) {
      case "heading":
        return `<h3>${htmlText(block.text)}</h3>`;
      case "paragraph":
        return `<p>${words(block.words)}</p>`;
      case "list": {
        const tag = block.ordered ? "ol" : "ul";
        return `<${tag}>${block.items.map((item) => `<li>${words(item)}</li>`).join("")}</${tag}>`;
      }
      case "table": {
        const head = block.head.some((cell) => cell !== "")
          ? `<thead><tr>${block.head.map((cell) => `<th align="left">${htmlText(cell)}</th>`).join("")}</tr></thead>`
          : "";
        const rows = block.rows.map((row) => `<tr>${row.map((cell) => `<td>${words(cell)}</td>`).join("")}</tr>`);
        return `<table border="1" cellpadding="4">${head}<tbody>${rows.join("")}</tbody></table>`;
      }
      case "code":
        return pre(block.text);
      case "diagram":
        return `<p>${htmlText(block.title)}:</p>${pre(block.text)}`;
    }
  };
  return blocks.map(written);
}
