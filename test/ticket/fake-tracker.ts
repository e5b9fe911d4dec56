// A tracker in memory, for tests of what is common to all: it keeps files and comments, and fails where it is told to.

import type { BundleFile } from "../../src/bundle.ts";
import type { Report } from "../../src/core/report.ts";
import { type StoredBundle, storedBundle } from "../../src/ticket/bundle/stored-bundle.ts";
import { markdownOf } from "../../src/ticket/markup/markdown.ts";
import { TicketError, type TicketFailure } from "../../src/ticket/ticket-error.ts";
import type {
  Attached,
  Limits,
  OwnComment,
  Planned,
  Ticket,
  TicketFile,
  TicketPlace,
} from "../../src/ticket/tracker.ts";
import { madeUpReport } from "../report/made-up-report.ts";

export const PLACE: TicketPlace = { tracker: "jira", server: "https://tickets.example.com", name: "OPS-1", parts: {} };

export interface FakeOptions {
  takesFiles?: boolean;
  editsComments?: boolean;
  removes?: boolean;
  showsBodies?: boolean;
  limits?: Partial<Limits>;
  /** Files that are refused, by name. */
  refuses?: readonly string[];
  /** Files that are kept under another name, which is found only by attaching them again. */
  renames?: readonly string[];
}

/** When an operation fails: before it is done, or after, so that only the answer is lost. */
export interface Failure {
  /** The how manieth writing operation, from 0 on. */
  readonly at: number;
  readonly done: boolean;
  readonly failure?: TicketFailure;
}

export class FakeTicket implements Ticket {
  readonly place = PLACE;
  readonly url = "https://tickets.example.com/browse/OPS-1";
  readonly takesFiles: boolean;
  readonly editsComments: boolean;
  files: (Attached & { content: Uint8Array })[] = [];
  comments: { id: string; body: string }[] = [];
  /** Writing operations, in order. */
  log: string[] = [];
  failure: Failure | null = null;
  readonly #options: FakeOptions;
  #count = 0;
  #ids = 0;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.takesFiles = options.takesFiles ?? true;
    this.editsComments = options.editsComments ?? true;
  }

  /** What it holds stays; what it did and how it fails is forgotten. */
  anew(failure: Failure | null = null): this {
    this.log = [];
    this.failure = failure;
    this.#count = 0;
    return this;
  }

  #writing<T>(what: string, act: () => T): T {
    const fails = this.failure !== null && this.failure.at === this.#count++ ? this.failure : null;
    const error = new TicketError(fails?.failure ?? "unreachable", `tickets.example.com did not answer (${what})`);
    if (fails !== null && !fails.done) throw error;
    this.log.push(what);
    const result = act();
    if (fails !== null) throw error;
    return result;
  }

  async limits(): Promise<Limits> {
    return { fileBytes: null, commentCharacters: null, source: "documented", ...this.#options.limits };
  }

  async attached(names: readonly string[]): Promise<Attached[]> {
    return this.files.filter((f) => names.includes(f.name)).map(({ content: _, ...file }) => file);
  }

  async attach({ name, bytes }: TicketFile): Promise<Attached> {
    if (this.#options.refuses?.includes(name)) throw new TicketError("refused", `no ${name} here`);
    if (this.#options.renames?.includes(name)) return this.#renamed(name, bytes);
    return this.#stored(name, bytes);
  }

  async #renamed(name: string, bytes: Uint8Array): Promise<Attached> {
    const there = this.files.find((f) => f.name === `${name}.zip` && f.bytes === bytes.length);
    return there ?? this.#stored(`${name}.zip`, bytes);
  }

  #stored(name: string, bytes: Uint8Array): Attached {
    return this.#writing(`attach ${name}`, () => {
      const id = String(++this.#ids);
      const file = { name, bytes: bytes.length, url: `https://tickets.example.com/files/${id}`, id };
      this.files.push({ ...file, content: bytes });
      return file;
    });
  }

  async remove({ id, name }: Attached): Promise<boolean> {
    if (this.#options.removes === false) return false;
    return this.#writing(`remove ${name}`, () => {
      this.files = this.files.filter((f) => f.id !== id);
      return true;
    });
  }

  async ownComment(mark: string): Promise<OwnComment | null> {
    const own = this.comments.filter((c) => c.body.includes(mark)).at(-1);
    if (own === undefined) return null;
    return { id: own.id, url: `${this.url}#${own.id}`, body: this.#options.showsBodies === false ? "" : own.body };
  }

  written(...[blocks, mark, files]: Parameters<Ticket["written"]>): string {
    const links = new Map(files.flatMap((f) => (f.url === null ? [] : [[f.name, `[${f.name}](${f.url})`]])));
    return [...blocks.map((block) => markdownOf(block, (name) => links.get(name) ?? null)), `<!-- ${mark} -->`].join(
      "\n\n",
    );
  }

  async comment(body: string, before: OwnComment | null): Promise<{ url: string | null }> {
    const edited = before !== null && this.editsComments;
    return this.#writing(edited ? "edit comment" : "add comment", () => {
      const own = edited ? this.comments.find((c) => c.id === before.id) : undefined;
      const id = own?.id ?? String(++this.#ids);
      // As many do: other ends of lines.
      const stored = body.replaceAll("\n", "\r\n");
      if (own !== undefined) own.body = stored;
      else this.comments.push({ id, body: stored });
      return { url: `${this.url}#${id}` };
    });
  }

  planned(files: readonly TicketFile[], body: string, before: OwnComment | null): Planned[] {
    return [
      ...files.map((f) => ({ method: "POST", url: `${this.url}/files`, body: f.name })),
      { method: before === null ? "POST" : "PUT", url: `${this.url}/comments`, body },
    ];
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `page`: what report.html holds. */
export function madeUpBundle(change: Partial<Report> = {}, page = "<p>one</p>"): StoredBundle {
  return storedBundle("ticket.zip", madeUpFiles(change, page));
}

export const madeUpFiles = (change: Partial<Report> = {}, page = "<p>one</p>"): BundleFile[] => [
  { name: "README.txt", bytes: bytesOf("halfclose incident bundle\n\n…\n") },
  { name: "report.html", bytes: bytesOf(page) },
  { name: "report.md", bytes: bytesOf("# What happened\n") },
  { name: "report.json", bytes: bytesOf(JSON.stringify(madeUpReport(change))) },
  { name: "pictures/states.svg", bytes: bytesOf("<svg/>") },
  { name: "evidence.pcapng", bytes: bytesOf("packets") },
];
