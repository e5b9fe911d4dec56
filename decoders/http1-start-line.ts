// Is this line the first one of an HTTP/1 message? (RFC 9112 §3 request line, §4 status line)
//
// A request line is METHOD SP target SP HTTP/x.y. The method may be any token when the version is there; without a version
// (HTTP/0.9, or damage) only a method we know with a target that looks like one convinces. RTSP, SIP and the HTTP/2
// preface look alike and are refused. As in Wireshark, the target is the second word of the line, whatever follows, and a
// line that starts with HTTP/1 is a response even when its status cannot be read: something did answer.

export const Start = {
  no: 0,
  /** It may still become one. */
  more: 1,
  request: 2,
  response: 3,
} as const;
export type Start = (typeof Start)[keyof typeof Start];

/** Methods of RFC 9110, 5789, 2068, WebDAV and its kin (2518, 3253, 3648, 3744, 4791, 5323), UPnP, and Microsoft's RPC, BITS and CCM. */
const METHODS = [
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "LINK", "UNLINK", "PURGE"],
  ...["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "POLL", "SEARCH", "ACL", "BIND", "QUERY"],
  ...["BCOPY", "BMOVE", "BDELETE", "BPROPFIND", "BPROPPATCH", "REPORT", "CHECKOUT", "CHECKIN", "UNCHECKOUT"],
  ...["MKACTIVITY", "MERGE", "MKWORKSPACE", "UPDATE", "LABEL", "VERSION-CONTROL", "BASELINE-CONTROL", "MKCALENDAR"],
  ...["ORDERPATCH", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "M-SEARCH", "RPC_IN_DATA", "RPC_OUT_DATA", "RPC_CONNECT"],
  ...["CCM_POST", "BITS_POST"],
];
/** Room for methods that are not in the table; the longest that is has 16 letters. */
const MAX_METHOD = 32;
/** A line with more blanks than this between two words is not a start line. Bounds the work on a line that trickles in. */
const MAX_BLANKS = 32;

const SP = 0x20;
const HT = 0x09;
const SLASH = 0x2f;
const ASTERISK = 0x2a;
const isBlank = (c: number): boolean => c === SP || c === HT;
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;

/** tchar of RFC 9110 §5.6.2. */
const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN[c.charCodeAt(0)] = 1;
}

const AUTHORITY = new Uint8Array(256);
for (const c of ".-:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") AUTHORITY[c.charCodeAt(0)] = 1;

/** A path, an asterisk, http: what the target of a method we do not know must look like. */
const MAY_START_TARGET = new Uint8Array(256);
for (const c of "/*hH") MAY_START_TARGET[c.charCodeAt(0)] = 1;

/** Known methods by length and first letter, so that a method is found without making a string. */
const methodsByKey: string[][] = Array.from({ length: 32 * 32 }, () => []);
const methodKey = (length: number, first: number): number => ((length & 31) << 5) | (first & 31);
for (const name of METHODS) methodsByKey[methodKey(name.length, name.charCodeAt(0))]!.push(name);

// hot: per request.
function knownMethod(bytes: Uint8Array, start: number, end: number): string | null {
  const candidates = methodsByKey[methodKey(end - start, bytes[start]!)]!;
  for (let k = 0; k < candidates.length; k++) {
    const name = candidates[k]!;
    let i = 0;
    while (i < name.length && name.charCodeAt(i) === bytes[start + i]) i++;
    if (i === name.length && i === end - start) return name;
  }
  return null;
}

/** Is the line whole, or may more of it follow, or will the rest of it never be seen? */
export type How = "whole" | "partial" | "cut";

/** The status of a line like "HTTP/1.1 2xx". */
export const UNREADABLE = 0;

/** What the last line read held. One slot a session, reused. */
export class StartLine {
  method = "";
  targetStart = 0;
  targetEnd = 0;
  /** UNREADABLE when the line has no three digits where they belong. */
  status = 0;

  /** Reads a line, without its line end. */
  // hot: per message.
  read(bytes: Uint8Array, start: number, end: number, how: How): Start {
    const first = bytes[start];
    if (first === 0x48 || first === 0x49) {
      const status = this.statusLine(bytes, start, end, how, first === 0x48 ? HTTP : ICY);
      if (status !== Start.no) return status;
    }
    return this.requestLine(bytes, start, end, how);
  }

  private statusLine(bytes: Uint8Array, start: number, end: number, how: How, prefix: Uint8Array): Start {
    const short = how === "partial" ? Start.more : Start.no;
    let i = start;
    for (; i < start + prefix.length; i++) {
      if (i === end) return short;
      if (bytes[i] !== prefix[i - start]) return Start.no;
    }
    if (prefix === HTTP) {
      // The version: digits and dots, as HTTP/1.1 but also HTTP/1 or HTTP/1.01, which servers have sent.
      if (i === end) return short;
      if (!isDigit(bytes[i]!)) return Start.no;
      const version = i;
      while (i < end && i - version < MAX_VERSION && (isDigit(bytes[i]!) || bytes[i] === 0x2e)) i++;
      if (i < end && bytes[i]! > SP && bytes[i] !== 0x7f) return Start.no;
    }
    const blanks = i;
    while (i < end && isBlank(bytes[i]!)) i++;
    if (i - blanks > MAX_BLANKS) return Start.no;
    this.status = UNREADABLE;
    if (i + 3 > end) return how === "whole" && prefix === HTTP ? Start.response : short;
    const [a, b, c] = [bytes[i]! - 0x30, bytes[i + 1]! - 0x30, bytes[i + 2]! - 0x30];
    if (a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9) this.status = a * 100 + b * 10 + c;
    else if (prefix === ICY || how === "cut") return Start.no;
    return Start.response;
  }

  private requestLine(bytes: Uint8Array, start: number, end: number, how: How): Start {
    const short = how === "partial" ? Start.more : Start.no;
    const longest = Math.min(end, start + MAX_METHOD);
    let i = start;
    while (i < longest && TOKEN[bytes[i]!] === 1) i++;
    if (i === start) return Start.no;
    if (i === end) return short;
    if (!isBlank(bytes[i]!)) return Start.no;
    const method = knownMethod(bytes, start, i);
    const methodEnd = i;
    while (i < end && isBlank(bytes[i]!)) i++;
    if (i - methodEnd > MAX_BLANKS) return Start.no;
    if (i === end) return short;
    if (bytes[i]! < SP || bytes[i] === 0x7f) return Start.no;
    if (how === "partial") return method !== null || MAY_START_TARGET[bytes[i]!] === 1 ? Start.more : Start.no;
    this.targetStart = i;
    while (i < end && bytes[i] !== SP) i++;
    this.targetEnd = i;
    if (how === "cut") {
      if (method === null || !this.looksLikeTarget(bytes, method)) return Start.no;
      this.method = method;
      return Start.request;
    }
    // The version is the last word, so that a target with blanks does not hide it.
    let last = end;
    while (last > i && isBlank(bytes[last - 1]!)) last--;
    let word = last;
    while (word > i && !isBlank(bytes[word - 1]!)) word--;
    if (method !== null) {
      if (httpVersion(bytes, word, last) >= 0) {
        this.method = method;
        return Start.request;
      }
      if (last > i && otherProtocol(bytes, word, last)) return Start.no;
      if (!this.looksLikeTarget(bytes, method)) return Start.no;
      this.method = method;
      return Start.request;
    }
    const major = httpVersion(bytes, word, last);
    if ((major !== 0 && major !== 1) || !this.looksLikeTarget(bytes, "")) return Start.no;
    let name = "";
    for (let k = start; k < methodEnd; k++) name += String.fromCharCode(bytes[k]!);
    this.method = name;
    return Start.request;
  }

  /** A path, an absolute http URI, an asterisk, or, for CONNECT, an authority. */
  private looksLikeTarget(bytes: Uint8Array, method: string): boolean {
    const c = bytes[this.targetStart]!;
    if (c === SLASH) return true;
    if (c === ASTERISK) return this.targetEnd === this.targetStart + 1;
    const length = this.targetEnd - this.targetStart;
    if (length < 4) return false;
    let k = 0;
    while (k < 4 && (bytes[this.targetStart + k]! | 0x20) === (HTTP[k]! | 0x20)) k++;
    if (k === 4) return true;
    if (method !== "CONNECT") return false;
    // host:port
    for (k = this.targetStart; k < this.targetEnd; k++) if (AUTHORITY[bytes[k]!] === 0) return false;
    return isDigit(bytes[this.targetEnd - 1]!);
  }
}

const HTTP = new Uint8Array([0x48, 0x54, 0x54, 0x50, SLASH]);
/** How a SHOUTcast server answers an HTTP request. */
const ICY = new Uint8Array([0x49, 0x43, 0x59, SP]);
/** "1.1", with room for the odd spellings. */
const MAX_VERSION = 8;

/** The major version of HTTP/x.y, or −1 when this word is no such thing. */
function httpVersion(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < HTTP.length + 1) return -1;
  for (let k = 0; k < HTTP.length; k++) if (bytes[start + k] !== HTTP[k]) return -1;
  const major = bytes[start + HTTP.length]!;
  return isDigit(major) ? major - 0x30 : -1;
}

/** NAME/digit at the end of a line, such as RTSP/1.0 or SIP/2.0: another protocol of the same grammar. */
function otherProtocol(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end && bytes[i]! >= 0x41 && bytes[i]! <= 0x5a) i++;
  return i > start && i + 1 < end && bytes[i] === SLASH && isDigit(bytes[i + 1]!);
}

/** Longer than any method and the first letter of a target. */
const FIRST_LOOK = 66;

/**
 * Do bytes[start, end), whose line may or may not end there, convince as the start of a message? A status that cannot be read
 * does not.
 */
// hot: per segment that is read for the start of a message.
export function firstLine(startLine: StartLine, bytes: Uint8Array, start: number, end: number): Start {
  // The first bytes decide nearly always; only then is the line's end looked for.
  if (startLine.read(bytes, start, Math.min(end, start + FIRST_LOOK), "partial") === Start.no) return Start.no;
  let to = start;
  while (to < end && bytes[to] !== 0x0a) to++;
  const how = to === end ? "partial" : "whole";
  if (how === "whole") while (to > start && bytes[to - 1] === 0x0d) to--;
  const kind = startLine.read(bytes, start, to, how);
  return kind === Start.response && startLine.status === UNREADABLE ? Start.no : kind;
}
