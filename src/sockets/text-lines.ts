// Which lines of text are in these bytes? UTF-8, UTF-16 with or without its mark; LF, CR LF, CR CR LF; colours taken out.

/** Characters. A longer line is handed out in pieces of this length: PowerShell writes all of its JSON in one. */
export const MAX_LINE = 1 << 16;
/** Bytes that decide on the encoding where there is no mark. */
const PROBE = 64;
/** The mark (BOM), also at the seam of files that were put together with `cat`. */
const MARK = "\ufeff";

/** `isContinued`: the piece belongs to the same line as the one before it. */
export type TakeLine = (line: string, isContinued: boolean) => void;

/**
 * What terminals are told (ECMA-48 §5.4, §8.3.89; xterm's control sequences), in this order: colours and movements; titles and
 * links, which end; character sets; the rest. Each repetition stops at the next escape, so that all of them together are linear.
 */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' escape sequences are made of them
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-~])/g;

/** Feed it bytes in any pieces, then end it: the lines are the same as of all bytes at once. */
export class TextLines {
  private decoder: InstanceType<typeof TextDecoder> | null = null;
  /** What came before there was enough to tell the encoding. */
  private held: Uint8Array = new Uint8Array(0);
  /** The parts of a line that is not over; joined once. */
  private parts: string[] = [];
  private partsLength = 0;
  private isContinued = false;

  /** Adds bytes and hands out the lines that they complete, without their ends. */
  feed(bytes: Uint8Array, take: TakeLine): void {
    if (this.decoder === null) {
      this.held = joined(this.held, bytes);
      if (this.held.length < PROBE) return;
      bytes = this.open();
    }
    this.split(this.decoder!.decode(bytes, { stream: true }), take);
  }

  /** The line that is left. */
  end(take: TakeLine): void {
    const bytes = this.decoder === null ? this.open() : new Uint8Array(0);
    this.split(this.decoder!.decode(bytes), take);
    if (this.partsLength > 0) this.line("", take);
  }

  /** Settles the encoding; returns what was held for that. */
  private open(): Uint8Array {
    const bytes = this.held;
    this.held = new Uint8Array(0);
    this.decoder = new TextDecoder(encodingOf(bytes));
    return bytes;
  }

  private split(text: string, take: TakeLine): void {
    let from = 0;
    for (let until = text.indexOf("\n"); until >= 0; until = text.indexOf("\n", from)) {
      this.line(text.slice(from, until), take);
      from = until + 1;
    }
    if (from === text.length) return;
    this.parts.push(text.slice(from));
    this.partsLength += text.length - from;
    if (this.partsLength >= 2 * MAX_LINE) this.keep(this.pieces(this.parts.join(""), take));
  }

  /** A line is over: its last part is `last`. */
  private line(last: string, take: TakeLine): void {
    if (this.partsLength > 0) {
      this.parts.push(last);
      last = this.parts.join("");
      this.keep("");
    }
    const rest = last.length > MAX_LINE ? this.pieces(last, take) : last;
    take(plain(rest), this.isContinued);
    this.isContinued = false;
  }

  /** Hands out whole pieces; returns what is left, never nothing: the piece that ends a line is handed out by `line`. */
  private pieces(text: string, take: TakeLine): string {
    let at = 0;
    for (; text.length - at > MAX_LINE; at += MAX_LINE) {
      take(plain(text.slice(at, at + MAX_LINE)), this.isContinued);
      this.isContinued = true;
    }
    return text.slice(at);
  }

  private keep(text: string): void {
    this.parts = text === "" ? [] : [text];
    this.partsLength = text.length;
  }
}

/**
 * The same text with memory of its own. What an engine cuts out of a string may keep all of that string alive: without this a
 * remembered address would hold on to the text that it stood in.
 */
export const detached = (text: string): string => ` ${text}`.slice(1);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function plain(line: string): string {
  let text = line;
  // Zeros: PowerShell's `>>` appends UTF-16 to a file that another shell began in single bytes.
  if (text.includes("\0")) text = text.replaceAll("\0", "");
  if (text.startsWith(MARK)) text = text.slice(1);
  if (text.includes("\u001b")) text = text.replaceAll(ESCAPES, "");
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 13) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** By the mark (BOM), or by the zeros that every second byte of Latin text has in UTF-16. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zeros = [0, 0];
  const length = Math.min(bytes.length, PROBE) & ~1;
  for (let i = 0; i < length; i++) if (bytes[i] === 0) zeros[i & 1]!++;
  if (zeros[1]! * 4 > length) return "utf-16le";
  if (zeros[0]! * 4 > length) return "utf-16be";
  return "utf-8";
}
