// How does a paragraph fit a terminal? Width in columns, words wrapped with hanging indents.

/** East Asian wide and emoji blocks take two columns (UAX #11, coarsely). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{M}/u;
/** Printable ASCII: as many columns as characters. */
const PLAIN = /^[ -~]*$/;

export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += COMBINING.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

export const padEnd = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - displayWidth(text)));
export const padStart = (text: string, width: number): string =>
  " ".repeat(Math.max(0, width - displayWidth(text))) + text;

/** The text cut to a width, with `mark` where it was cut. */
export function cut(text: string, width: number, mark: string): string {
  if (displayWidth(text) <= width) return text;
  const room = Math.max(0, width - displayWidth(mark));
  return split(text, room)[0] + mark;
}

/** Lines of at most `width` columns. A word that is longer is broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (displayWidth(word) > width) {
      const [head, rest] = split(word, width);
      lines.push(head);
      word = rest;
    }
    line = word;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** As many whole characters as fit, at least one, so that wrapping comes to an end; and the rest. */
function split(word: string, width: number): [string, string] {
  let head = "";
  let taken = 0;
  for (const char of word) {
    const w = displayWidth(char);
    if (head !== "" && taken + w > width) break;
    head += char;
    taken += w;
  }
  return [head, word.slice(head.length)];
}
