// Which words of a Redis answer may leave? States, errors without what they quote, what says that the server speaks on its own, and
// its version; no value.

import { Kind } from "../../../decoders/redis-commands.ts";
import { isPush } from "../../../decoders/redis-probe.ts";
import { Type } from "../../../decoders/redis-types.ts";
import { FILL, type RedactionPolicy, type RedactionSink } from "../stream-redactor.ts";
import { fillNumber, isDigit } from "./fill.ts";
import { redactErrorText } from "./redact-error-text.ts";

const STATES = new Set("OK PONG QUEUED RESET NOKEY string list set zset hash stream none".split(" "));
/** What follows these names a server, and where its log stands. */
const REPLICATION = /^(?:FULLRESYNC|CONTINUE)(?:$| )/;
/** A monitor's line: when, then which database and from where. */
const MONITOR = /^\d+\.\d+ \[/;
const CODE = /^[A-Za-z_]{1,32}(?= |$)/;
/** Nothing behind the numbers: bytes that are missing may have joined it with something else. */
const VERSION_LINE = /^(?:valkey_version|redis_version):\d{1,4}(?:\.\d{1,4}){0,3}/gm;
const VERSION = /^\d{1,4}(?:\.\d{1,4}){0,3}$/;
const REPLICA_SAYS = "replconf";
const CAPITAL = 0x58;
const ZERO = 0x30;

/** The text of a line at the top of an answer, or further in, in place. */
export function redactRedisLine(type: number, b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink): void {
  if (type === Type.simple) state(b, sink);
  else if (type === Type.error) redactRedisError(b, policy, sink);
  else if (type !== Type.boolean && type !== Type.null) {
    fillNumber(b, 0, b.length);
    sink.count("payload bytes", b.length);
  }
}

function state(b: Uint8Array, sink: RedactionSink): void {
  const text = latin(b);
  if (STATES.has(text)) return;
  const kept = REPLICATION.exec(text)?.[0].length ?? MONITOR.exec(text)?.[0].length ?? 0;
  for (let i = kept; i < b.length; i++) b[i] = FILL;
  // A state begins with a capital or a digit.
  const first = text.charCodeAt(0);
  if (kept === 0 && b.length > 0) b[0] = isDigit(first) ? ZERO : first >= 0x41 && first <= 0x5a ? CAPITAL : FILL;
  sink.count("payload bytes", b.length - kept);
}

/** A code, and the server's words. */
export function redactRedisError(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink): void {
  const code = CODE.exec(latin(b))?.[0].length ?? 0;
  const space = b.indexOf(0x20);
  const from = code > 0 ? code : space < 0 ? b.length : space;
  if (code === 0) b.fill(FILL, 0, from);
  redactErrorText(b, from, b.length, policy.level === "strict", sink);
}

export class AnswerWords {
  private isVersion = false;
  private isSpoken = false;

  clear(): void {
    this.isVersion = false;
    this.isSpoken = false;
  }

  /** String `index` of an answer of this type to a command of this kind, in place. Those at the top come in order. */
  redact(type: number, kind: number, index: number, b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink): void {
    if (type === Type.bulkError) {
      redactRedisError(b, policy, sink);
      return;
    }
    const isWhole = type === Type.bulk || type === Type.verbatim;
    if (isWhole && kind === Kind.info) {
      const kept = [...latin(b).matchAll(VERSION_LINE)];
      const original = b.slice();
      b.fill(FILL);
      for (let i = 0; i < b.length; i++) if (original[i] === 0x0a || original[i] === 0x0d) b[i] = original[i]!;
      for (const m of kept) b.set(original.subarray(m.index, m.index + m[0].length), m.index);
      sink.count("payload bytes", b.length);
      return;
    }
    if (!isWhole && this.stays(kind, index, latin(b).toLowerCase())) return;
    b.fill(FILL);
    sink.count("payload bytes", b.length);
  }

  private stays(kind: number, index: number, word: string): boolean {
    if (kind === Kind.hello) {
      const isValue = this.isVersion;
      this.isVersion = index % 2 === 0 && word === "version";
      return (isValue && VERSION.test(word)) || this.isVersion;
    }
    if (index === 0) this.isSpoken = isPush(word) || word === REPLICA_SAYS;
    return index === 0 && this.isSpoken;
  }
}

const latin = (b: Uint8Array): string => String.fromCharCode(...b.subarray(0, 4096));
