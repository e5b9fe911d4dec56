// What becomes of each text that was on the wire, before anybody else sees it? One redactor for one report: it counts what it replaces.

import { isAddress } from "./names-in-text.ts";
import { makePseudonyms, type Pseudonyms, withinReport } from "./pseudonyms.ts";
import { redactErrorText } from "./redact-error.ts";
import { redactTokens } from "./redact-secrets.ts";
import { redactAuthority, redactTarget } from "./redact-target.ts";
import { type CountReplaced, type Redaction, ReplacedCounts, type ReportRedaction } from "./redaction.ts";
import type { Exchange, Label, Protocol, RequestHead, ResponseHead } from "./stream-decoder.ts";

export interface RedactionOptions {
  /** "default" replaces secrets in what is reported; "strict" also whatever names a host, a person, a database or a file. */
  redact?: Redaction;
  /** With "strict": whoever gives the same key gets the same pseudonyms. Without one they are of this run. */
  redactKey?: string;
}

export class TextRedactor {
  readonly level: Redaction;
  /** With `strict`; null otherwise. */
  readonly pseudonyms: Pseudonyms | null;
  private readonly key: ReportRedaction["key"];
  private readonly replaced = new ReplacedCounts();
  /** Heads that were given: of some, a second time would change more. */
  private readonly done = new WeakSet<RequestHead | ResponseHead>();

  constructor({ redact = "default", redactKey }: RedactionOptions) {
    this.level = redact;
    this.pseudonyms = redact === "strict" ? makePseudonyms(redactKey ?? null) : null;
    this.key = this.pseudonyms === null ? null : redactKey === undefined ? "random" : "given";
  }

  private readonly paths = new Set<string>();
  /** Names of databases and users, to be found in statements: `shop.orders`. */
  private readonly learned = new Set<string>();

  readonly count: CountReplaced = (what, n) => this.replaced.count(what, n);

  /** What the report says of it. */
  said(): ReportRedaction {
    return { level: this.level, key: this.key, replaced: this.replaced.object() };
  }

  /** Replaces the texts of an exchange in its heads. A second time nothing happens. */
  exchange({ request, response, protocol }: Exchange): void {
    if (this.level === "none") return;
    // A target that is redacted stays as it is; there are too many of them to remember without need.
    if (request !== null && (this.pseudonyms === null || this.isNew(request))) {
      request.target = this.target(request.target, protocol);
      if (request.host !== null) request.host = this.host(request.host, protocol);
      if (request.id !== null) request.id = redactTokens(request.id, () => this.count("target secrets"));
    }
    if (response?.error != null && this.isNew(response))
      response.error = {
        ...response.error,
        text: this.errorText(response.error.text, protocol, [request?.target ?? "", request?.host ?? ""]),
      };
  }

  private isNew(head: RequestHead | ResponseHead): boolean {
    const isNew = !this.done.has(head);
    this.done.add(head);
    return isNew;
  }

  target(text: string, protocol: Protocol): string {
    if (this.level === "none") return text;
    const target = redactTarget(text, protocol, this.count);
    return this.named(target, protocol);
  }

  private named(text: string, protocol: Protocol): string {
    if (protocol === "http" || protocol === "http2") return this.names(text);
    if (this.learned.size === 0 || (protocol !== "mysql" && protocol !== "postgresql")) return text;
    const word = (w: string): string => (this.learned.has(w) ? this.own(w, "names of databases and users") : w);
    return text.replace(NAME, (name) => (this.learned.has(name) ? word(name) : name.split("-").map(word).join("-")));
  }

  /** Of a connection: with `strict`, statements that are redacted later do not show this name. */
  learn(name: Label, value: string): void {
    if (this.pseudonyms === null || (name !== "database" && name !== "user")) return;
    if (value !== "" && this.learned.size < MAX_LEARNED) this.learned.add(value);
  }

  /** A kind of request (request-kind.ts): no secret is in it. */
  kind(text: string, protocol: Protocol): string {
    return this.pseudonyms === null ? text : this.named(text, protocol);
  }

  /** Of HTTP an authority; of a database its name. */
  host(text: string, protocol: Protocol): string {
    if (this.level === "none") return text;
    const host = redactAuthority(text, this.count);
    if (protocol === "http" || protocol === "http2" || protocol === "tls") return this.hostName(host);
    return this.own(host, "names of databases and users");
  }

  /** `shown`: what stands beside it, redacted. */
  errorText(text: string, protocol: Protocol, shown: readonly string[] = []): string {
    if (this.level === "none" || OWN_WORDS.has(protocol)) return text;
    return this.names(redactErrorText(text, this.count, shown));
  }

  label(name: Label, value: string): string {
    if (name === "sni") return this.hostName(value);
    if (name === "user" || name === "database" || name === "application")
      return this.own(value, "names of databases and users");
    return name === "server" ? this.names(value) : value;
  }

  /** With `strict`: addresses and host names in a text that has no secret. */
  names(text: string): string {
    if (this.pseudonyms === null) return text;
    const named = withinReport(this.pseudonyms, text);
    if (named !== text) this.count("host names");
    return named;
  }

  /** Of a socket dump: an address as its packets have it, or a host name. */
  address(text: string): string {
    if (this.pseudonyms === null) return text;
    const address = this.pseudonyms.address(text);
    const named = isAddress(text) ? address : this.pseudonyms.hostName(text);
    if (named !== text) this.count(isAddress(text) ? "addresses" : "host names");
    return named;
  }

  /** With `strict`, a capture or a dump goes by its number: "capture-1.pcap". */
  path(path: string, kind: "capture" | "dump", index: number): string {
    if (this.pseudonyms === null) return path;
    if (!this.paths.has(path)) this.count("paths");
    this.paths.add(path);
    return `${kind}-${index + 1}${kind === "capture" ? ".pcap" : ".txt"}`;
  }

  /** With `strict`, what people wrote is left out: anything may stand in it. */
  comments(texts: readonly string[]): string[] {
    if (this.pseudonyms === null) return [...texts];
    this.count("comments", texts.length);
    return [];
  }

  private hostName(text: string): string {
    if (this.pseudonyms === null) return text;
    // An address stays the one that its packets have.
    const whole = withinReport(this.pseudonyms, text);
    return this.own(text, "host names", whole === text ? undefined : whole);
  }

  private own(
    text: string,
    what: "host names" | "names of databases and users",
    name = this.pseudonyms?.hostName(text) ?? text,
  ): string {
    if (this.pseudonyms === null || text === "") return text;
    if (name !== text) this.count(what);
    return name;
  }
}

/** Names of databases and users that are known in statements; a crafted capture has as many as connections. */
const MAX_LEARNED = 4096;
/** A word of SQL; quoted names may have dashes. */
const NAME = /[\p{L}_][\p{L}\p{N}_$-]*/gu;

/** Whose errors are told in words of our own, by code. */
const OWN_WORDS: ReadonlySet<Protocol> = new Set(["tls", "framed"]);

/** A path within a sentence of ours, where it stands by itself. */
export function replacePath(text: string, path: string, shown: string): string {
  if (path === shown || path === "" || path === "-" || !text.includes(path)) return text;
  const pattern = path.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\w./-])${pattern}(?![\\w/-])`, "g"), () => shown);
}
