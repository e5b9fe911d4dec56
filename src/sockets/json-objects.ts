// Which objects are in this JSON, and what do their texts and numbers say? One object at a time, from text that comes in pieces.
//
// RFC 8259. Nothing is kept but the plain members of the objects that are open: a document of any size needs the same memory.

/** Objects and arrays inside each other; ConvertTo-Json's own greatest depth is 100. */
const MAX_DEPTH = 128;
/** Members of one object. */
const MAX_MEMBERS = 256;
/** What is kept of a text or a number; a text that goes on beyond {@link MAX_TEXT} was never closed. */
const MAX_KEPT = 512;
const MAX_TEXT = 1 << 16;
/** Numbers, true, false, null. */
const PLAIN = /[-+.0-9A-Za-z]/;
const QUOTE = 34;
const BACKSLASH = 92;
/** What may stand at the beginning of a line inside a document. */
const GOES_ON = /^(?:["{}[\],:\d-]|(?:true|false|null)\b)/;

/** Its plain members: names in lower case, values as written, null as "". */
export type JsonObject = ReadonlyMap<string, string>;

interface Level {
  /** Null: an array. */
  readonly members: Map<string, string> | null;
  readonly firstLine: number;
  /** The name whose value comes next. */
  name: string | null;
}

export class JsonObjects {
  private levels: Level[] = [];
  /** The text or number that is being read. */
  private text: string | null = null;
  private isText = false;
  private isEscaped = false;
  private length = 0;
  /** A document has been read to its end. */
  hasEnded = false;

  /** Between documents. */
  get isOutside(): boolean {
    return this.levels.length === 0;
  }

  /** Can this line belong to the document? Prompts and other dumps do not look so. */
  mayGoOn(line: string): boolean {
    if (this.isText || this.text !== null) return true;
    const start = line.slice(0, MAX_TEXT).trimStart();
    return start === "" || GOES_ON.test(start.slice(0, 8));
  }

  reset(): void {
    this.levels = [];
    this.text = null;
    this.isText = false;
    this.isEscaped = false;
  }

  /** Hands every object that ends here to `found`, with the line on which it began. False: this is not JSON. */
  feed(line: string, lineNumber: number, found: (object: JsonObject, firstLine: number) => void): boolean {
    for (let at = 0; at < line.length; at++) {
      if (this.isText) {
        at = this.goOn(line, at);
        if (this.length > MAX_TEXT) return false;
        continue;
      }
      const c = line[at]!;
      if (c === '"') {
        if (this.text !== null) return false;
        this.isText = true;
        this.text = "";
        this.length = 0;
      } else if (!this.punctuation(c, lineNumber, found)) return false;
    }
    return true;
  }

  private punctuation(c: string, line: number, found: (object: JsonObject, firstLine: number) => void): boolean {
    switch (c) {
      case " ":
      case "\t":
      case "\r":
      case "\n":
      case "\ufeff":
        return true;
      case "{":
      case "[":
        if (this.levels.length >= MAX_DEPTH) return false;
        this.text = null;
        this.levels.push({ members: c === "{" ? new Map() : null, firstLine: line, name: null });
        return true;
      case ":":
        return this.named();
      case ",":
        this.value();
        return true;
      case "}":
      case "]":
        return this.close(c, found);
      default:
        if (!PLAIN.test(c) || this.levels.length === 0) return false;
        this.text = (this.text ?? "") + c;
        return this.text.length <= MAX_KEPT;
    }
  }

  private named(): boolean {
    const level = this.levels.at(-1);
    if (level?.members === null || level === undefined || this.text === null) return false;
    level.name = this.text.toLowerCase();
    this.text = null;
    return true;
  }

  /** A value has ended; a later one of the same name does not change the first. */
  private value(): void {
    const level = this.levels.at(-1);
    const { text } = this;
    this.text = null;
    if (level === undefined || level.members === null || level.name === null) return;
    const { members, name } = level;
    level.name = null;
    if (text !== null && members.size < MAX_MEMBERS && !members.has(name))
      members.set(name, text === "null" ? "" : unescaped(text));
  }

  private close(c: string, found: (object: JsonObject, firstLine: number) => void): boolean {
    const level = this.levels.at(-1);
    if (level === undefined || (level.members === null) !== (c === "]")) return false;
    this.value();
    this.levels.pop();
    this.text = null;
    if (this.levels.length === 0) this.hasEnded = true;
    if (level.members !== null) found(level.members, level.firstLine);
    return true;
  }

  /** Reads on inside a text; returns the place of its closing quote, or the end of the line. */
  private goOn(line: string, from: number): number {
    let at = from;
    for (; at < line.length; at++) {
      const code = line.charCodeAt(at);
      if (this.isEscaped) this.isEscaped = false;
      else if (code === BACKSLASH) this.isEscaped = true;
      else if (code === QUOTE) {
        this.isText = false;
        break;
      }
    }
    this.length += at - from;
    const kept = this.text!;
    if (kept.length < MAX_KEPT) this.text = kept + line.slice(from, Math.min(at, from + MAX_KEPT - kept.length));
    return at;
  }
}

/** `\u0027` and its like; as written where what was kept ends in the midst of one. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
