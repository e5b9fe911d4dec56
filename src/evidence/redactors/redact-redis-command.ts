// Which words of a Redis command may leave? Its name, the first key as a report shows it, and the words that say how it is answered;
// no value, no password. (decoders/redis-requests.ts reads the same ones)

import { type Command, commandOf, Kind, knownCommand, subcommandOf } from "../../../decoders/redis-commands.ts";
import { FILL, type RedactionPolicy, type RedactionSink } from "../stream-redactor.ts";
import { isDigit } from "./fill.ts";
import { fillKey } from "./fill-key.ts";
import { redactName } from "./redact-name.ts";

/** No command has such a name: it is shown as one without a name. */
const NAMELESS = 0x3f;
const OPTIONS = new Set("group count block noack streams claim".split(" "));
const REPLIES = new Set(["on", "off", "skip"]);
const ACKNOWLEDGES = new Set(["ack", "getack"]);
/** Commands of the modules that Redis ships: other names with a point may be anything. */
const MODULE = /^(?:JSON|FT|BF|CF|CMS|TOPK|TDIGEST|TS|GRAPH)\.[A-Z]{1,32}$/i;
/** Scripts and functions without keys are shown by their own name. */
const NAMED = /^(?:EVALSHA|FCALL)/;

export class CommandWords {
  private command: Command | null = null;
  /** In lower case, as far as they are needed to know what comes next. */
  private readonly words: string[] = [];

  clear(): void {
    this.command = null;
    this.words.length = 0;
  }

  /** Word `index`, of `count` in the command, in place. Words come in order. */
  redact(index: number, count: number, b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink): void {
    const text = b.length > MAX_WORD ? "" : String.fromCharCode(...b);
    if (index === 0) {
      this.command = commandOf(text);
      // What is read as a command's name may be a value, where the capture lacks what stood before it.
      if (knownCommand(text) === null || (text.includes(".") && !MODULE.test(text))) b.fill(NAMELESS);
    } else if (this.command !== null) this.further(this.command, index, count, text, b, policy, sink);
    this.words[index] = text.toLowerCase();
  }

  private further(
    command: Command,
    index: number,
    count: number,
    text: string,
    b: Uint8Array,
    policy: RedactionPolicy,
    sink: RedactionSink,
  ): void {
    const word = text.toLowerCase();
    if (this.isName(command, index, count)) {
      redactName(b, 0, b.length, policy, sink);
      return;
    }
    if (command.kind === Kind.auth) {
      b.fill(FILL);
      sink.count("credentials");
      return;
    }
    if (command.container && index === 1) {
      if (subcommandOf(text) === "") b.fill(NAMELESS);
      return;
    }
    if (this.isKey(command, index)) {
      // The number of a database names nothing.
      if (command.kind === Kind.select && b.every(isDigit)) return;
      const replaced = fillKey(b, 0, b.length);
      if (replaced > 0) sink.count("keys", replaced);
      return;
    }
    if (index === command.countedAt && b.every(isDigit)) return;
    if (this.says(command, index, word)) return;
    b.fill(FILL);
    sink.count(command.secret ? "credentials" : "payload bytes", command.secret ? 1 : b.length);
  }

  /** Of a user, or of a client. */
  private isName(command: Command, index: number, count: number): boolean {
    if (command.kind === Kind.auth) return index === 1 && count === 3;
    if (command.kind === Kind.client) return index === 2 && this.words[1] === "setname";
    if (command.kind !== Kind.hello || index < 2) return false;
    const name = this.words[2] === "auth" ? 5 : 2;
    return (index === 3 && this.words[2] === "auth") || (index === name + 1 && this.words[name] === "setname");
  }

  private isKey(command: Command, index: number): boolean {
    if (command.streams) return this.words.indexOf("streams", 1) === index - 1 && index > 1;
    if (command.countedAt === 2 && index === 1) return NAMED.test(command.name);
    return command.key === index;
  }

  /** A word that says how the command is answered. */
  private says(command: Command, index: number, word: string): boolean {
    if (command.streams) return OPTIONS.has(word);
    switch (command.kind) {
      case Kind.acknowledgement:
        return index === 1 && ACKNOWLEDGES.has(word);
      case Kind.client:
        return index === 2 && this.words[1] === "reply" && REPLIES.has(word);
      case Kind.hello: {
        const name = this.words[2] === "auth" ? 5 : 2;
        return (
          (index === 1 && /^\d$/.test(word)) ||
          (index === 2 && word === "auth") ||
          (index === name && word === "setname")
        );
      }
      default:
        return false;
    }
  }
}

/** Longer words are no names and no options. */
const MAX_WORD = 2048;

/** Where the words of an inline command stand in its line, as decoders/resp.ts finds them. */
export function inlineWords(line: Uint8Array): [from: number, to: number][] {
  const words: [number, number][] = [];
  let i = 0;
  while (i < line.length) {
    while (i < line.length && isBlank(line[i]!)) i++;
    if (i === line.length) break;
    const quote = line[i] === 0x22 || line[i] === 0x27 ? line[i]! : 0;
    if (quote !== 0) i++;
    const from = i;
    while (i < line.length && (quote === 0 ? !isBlank(line[i]!) : line[i] !== quote || line[i - 1] === 0x5c)) i++;
    words.push([from, i]);
    if (quote !== 0) i++;
  }
  return words;
}

const isBlank = (c: number): boolean => c === 0x20 || c === 0x09;
