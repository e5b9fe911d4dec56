// How does a work note of ServiceNow read, and how is ours known again?
//
// A journal field is plain text in a proportional font: HTML is shown as it was typed (Render journal field entries as HTML, release
// Australia). But what stands within [code]…[/code] is HTML where glide.ui.security.allow_codetag is on, which is the default, and which
// the hardening guide wants off: so we write none, and no text off the wire may open one. Addresses become links, @name a mention,
// and notes go out by mail as HTML.

import { visible } from "../../core/escape.ts";
import type { Block } from "../summary.ts";
import type { Attached } from "../tracker.ts";
import { type PlainStyle, plainText } from "./plain.ts";

const ZERO_WIDTH_SPACE = "\u200b";

/** Beyond the basic plane; older instances keep three bytes a character. */
const ASTRAL = /[\u{10000}-\u{10ffff}]/gu;

const unlinked = (text: string): string =>
  text
    .replace(ASTRAL, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
    .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
    .replace(/\b(www|mailto|xmpp|tel)(?=[.:])/gi, `$1${ZERO_WIDTH_SPACE}`)
    .replace(/@(?=\S)/g, `@${ZERO_WIDTH_SPACE}`)
    // No HTML element begins where no letter follows: for mail.
    .replace(/<(?=[A-Za-z/!?])/g, `<${ZERO_WIDTH_SPACE}`);

/** `[code]` and `[/code]` in any case, also with white space in them. The bracket becomes one of double width, which looks alike. */
const withoutCodeTags = (text: string): string => text.replace(/\[(?=[\s/]*code)/gi, "\uff3b");

/** One line of text in which nothing acts. */
export const journalText = (text: string): string => withoutCodeTags(unlinked(visible(text)));

/**
 * A file that the instance takes only within a ZIP file: `report.html` in `report-html-0a1b2c3d4e5f.zip`. By its content, for what is in a ZIP
 * file cannot be seen from outside. One dot: names with more may be refused (glide.attachment.enable_secure_filename_validation).
 */
export const zipNameOf = (name: string, digest: string): string => `${stemOf(name)}${digest}.zip`;
const stemOf = (name: string): string => `${name.replace(/\./g, "-")}-`;

/** Whatever version of the file is in it. */
export const isZipOf = (zip: string, name: string): boolean =>
  zip.startsWith(stemOf(name)) && /^[0-9a-f]{12}\.zip$/.test(zip.slice(stemOf(name).length));

const REPLACES = "; it replaces the earlier note";

const firstLine = (mark: string, sum: string): string => `Packet capture report ${mark} (${sum})`;
const lastLine = (mark: string): string => `End of ${mark}`;

const FIRST_LINE = /^Packet capture report (\S+) \(([0-9a-f]{8})\)/;

/** The mark as it stands in a note: one word. */
export const wordOf = (mark: string): string => journalText(mark).replace(/\s+/g, "-");

/**
 * The note: a first line with the mark and a sum of the text, the text, and a last line. `maxCharacters`: UTF-16 code units, as Java
 * counts; null: as long as it is.
 */
export function journalNote(
  blocks: readonly Block[],
  mark: string,
  files: readonly Attached[],
  maxCharacters: number | null = null,
): string {
  const word = wordOf(mark);
  // Words of different pieces may only together be an address or a tag: the whole is looked at, and our own links are put in after that.
  // Their places are marked by characters of private use, which `visible` leaves in no text.
  const names: string[] = [];
  const style: PlainStyle = {
    columns: Number.POSITIVE_INFINITY,
    monospaced: false,
    inert: visible,
    file: (name) => `\ue000${names.push(name) - 1}\ue001`,
  };
  const linked = unlinked(plainText(blocks, style)).replace(/\ue000(\d+)\ue001/g, (_, n) =>
    fileText(names[Number(n)]!, files),
  );
  const text = withoutCodeTags(linked);
  const frame = firstLine(word, "00000000").length + REPLACES.length + lastLine(word).length + 4;
  const shown = maxCharacters === null ? text : cutLines(text, maxCharacters - frame);
  return `${firstLine(word, sumOf(shown))}\n\n${shown}\n\n${lastLine(word)}`;
}

/** Spaces around an address, so that nothing beside it is taken for a part of it. */
function fileText(name: string, files: readonly Attached[]): string {
  const shown = journalText(name);
  const itself = files.find((file) => file.name === name);
  if (itself !== undefined) return itself.url === null ? shown : `${shown} ( ${itself.url} )`;
  const zip = files.find((file) => isZipOf(file.name, name));
  if (zip === undefined) return shown;
  const where = zip.url === null ? "" : `: ${zip.url} `;
  return `${shown} (within ${journalText(zip.name)}, for this instance does not take it as it is${where})`;
}

const CUT = "[…] The rest is in the attached report.";

/** Whole lines, so far as there is room, with a word on what was left out. */
function cutLines(text: string, room: number): string {
  if (text.length <= room) return text;
  let kept = "";
  for (const line of text.split("\n")) {
    if (kept.length + line.length + 1 + CUT.length > room) break;
    kept += `${line}\n`;
  }
  return kept + CUT;
}

/** FNV-1a, 32 bits, over UTF-16 code units: it tells notes apart, and guards nothing. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}

/** The note as it is written where an earlier one stands on the ticket: journal entries cannot be edited. */
export const replacing = (note: string): string => note.replace(FIRST_LINE, (line) => `${line}${REPLACES}`);

/** By mark and sum: the same words, however the instance changed white space or characters on the way. */
export function sameNote(a: string, b: string): boolean {
  const [one, other] = [FIRST_LINE.exec(a), FIRST_LINE.exec(b)];
  return one !== null && other !== null && one[1] === other[1] && one[2] === other[2];
}

/** The mark of a note that `journalNote` wrote; null: it is not one. */
export const markOf = (note: string): string | null => FIRST_LINE.exec(note)?.[1] ?? null;

/**
 * The newest note with this mark in `journal`: one entry, or all of a field as the instance shows them, newest first, each behind a
 * line with time and author. As `journalNote` wrote it; null: there is none.
 */
export function findNote(journal: string, mark: string): string | null {
  const word = wordOf(mark);
  const text = journal.replace(/\r\n?/g, "\n");
  const begin = new RegExp(`^Packet capture report ${escaped(word)} \\([0-9a-f]{8}\\)`, "m").exec(text);
  if (begin === null) return null;
  const rest = text.slice(begin.index);
  const end = new RegExp(`^${escaped(lastLine(word))}[ \\t]*$`, "m").exec(rest);
  const note = end === null ? rest : rest.slice(0, end.index + lastLine(word).length);
  return note.replace(begin[0] + REPLACES, begin[0]).trimEnd();
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
