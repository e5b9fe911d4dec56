// What is done to a ServiceNow record? Files are attached (Attachment API), and a work note is added (Table API; docs, Zurich and Australia).
//
// A field that an account may not write is left out without a word, so the note is looked for after it was written.

import { formatBytes } from "../core/format.ts";
import { zipped } from "../zip.ts";
import { digestOf } from "./mark.ts";
import { isZipOf, journalNote, markOf, replacing, sameNote, zipNameOf } from "./markup/journal.ts";
import { type FoundRecord, idOf, isText, type Row, type ServiceNowInstance } from "./servicenow-instance.ts";
import type { RecordName } from "./servicenow-names.ts";
import { ownNote } from "./servicenow-notes.ts";
import type { Block } from "./summary.ts";
import { TicketError } from "./ticket-error.ts";
import type { Attached, Limits, OwnComment, Planned, Ticket, TicketFile, TicketPlace } from "./tracker.ts";

const MAX_SIZE_SETTING = "com.glide.attachment.max_size";
/** Megabytes, where nobody set another. */
const DEFAULT_MAX_SIZE = 1024;
const MEGABYTE = 1_048_576;
/** The documented default. */
const FILES_PAGE = 1000;

/**
 * An administrator may admit kinds of files only, by their extension and type (glide.attachment.extensions, .blacklisted.extensions,
 * glide.security.file.mime_type.validation). Which status and words answer to the others is not documented: these are told by users.
 */
const REFUSES_KIND = /: 415\b|extension|file ?type|mime|content[ -]type/i;

/** In the name of a ZIP file, as `isZipOf` knows it. */
const DIGEST_CHARACTERS = 12;

export class ServiceNowRecord implements Ticket {
  readonly takesFiles = true;
  /** "You cannot edit previous journal entries" (Render journal field entries as HTML). */
  readonly editsComments = false;
  readonly #asked: TicketPlace;
  readonly #name: RecordName;
  readonly #instance: ServiceNowInstance;
  #found: Promise<FoundRecord> | null = null;
  #known: FoundRecord | null = null;
  /** As this run found it: it links the files of the run that wrote it. */
  #ownNote = "";
  /** Names of ZIP files that were told of as the file in them, by id. */
  readonly #zips = new Map<string, string>();

  constructor(place: TicketPlace, name: RecordName, instance: ServiceNowInstance) {
    this.#asked = place;
    this.#name = name;
    this.#instance = instance;
  }

  /** By its number, as soon as that is known. */
  get place(): TicketPlace {
    return this.#known === null ? this.#asked : { ...this.#asked, name: this.#known.number };
  }

  get url(): string {
    const { table, ...name } = this.#known ?? this.#name;
    const query = "sysId" in name ? `sys_id=${name.sysId}` : `sysparm_query=number=${name.number}`;
    return `${this.#asked.server}/nav_to.do?uri=${encodeURIComponent(`${table ?? "task"}.do?${query}`)}`;
  }

  /** The setting is shown to administrators; for others the documented default is told. A journal entry has no limit that is enforced (KB0685779). */
  async limits(): Promise<Limits> {
    const set = this.#instance.canAsk ? await this.#maxSizeSet() : null;
    return {
      fileBytes: (set ?? DEFAULT_MAX_SIZE) * MEGABYTE,
      commentCharacters: null,
      source: set === null ? "documented" : "asked",
    };
  }

  /** Megabytes; null: not set, or not shown. */
  async #maxSizeSet(): Promise<number | null> {
    const query = { sysparm_query: `name=${MAX_SIZE_SETTING}`, sysparm_fields: "name,value", sysparm_limit: "1" };
    const answer = await this.#instance.get("table/sys_properties", query, [400, 403, 404]);
    const rows = answer.status === 200 ? this.#instance.rowsOf(answer) : [];
    const value = rows.find((row) => row.name === MAX_SIZE_SETTING)?.value;
    return isText(value) && /^\s*[1-9]\d{0,6}\s*$/.test(value) ? Number(value) : null;
  }

  /** A ZIP file that our note speaks of counts as the file that is in it, with the size that the note tells. */
  async attached(names: readonly string[]): Promise<Attached[]> {
    const wanted = (name: string): boolean => names.includes(name);
    const zipped = (name: string): string | undefined => names.find((inner) => isZipOf(name, inner));
    const files = await this.#files((name) => wanted(name) || zipped(name) !== undefined);
    return files.flatMap((file) => {
      if (wanted(file.name)) return [file];
      const bytes = toldBytes(this.#ownNote, file);
      if (bytes === null) return [];
      this.#zips.set(file.id, file.name);
      return [{ ...file, name: zipped(file.name)!, bytes }];
    });
  }

  async #files(isWanted: (name: string) => boolean): Promise<Attached[]> {
    const { sysId } = await this.#record();
    const files: Attached[] = [];
    // In one order, so that no page repeats another.
    const query = { sysparm_query: `table_sys_id=${sysId}^ORDERBYsys_id` };
    await this.#instance.eachRow("attachment", query, { page: FILES_PAGE }, (row) => {
      const name = row.file_name;
      if (row.table_sys_id === sysId && isText(name) && isWanted(name)) files.push(this.#file(row, name));
      return false;
    });
    return files;
  }

  /** Where the instance wants no file of this kind: within a ZIP file, if it takes those. The note then says so. */
  async attach(file: TicketFile): Promise<Attached> {
    try {
      return await this.#upload(file);
    } catch (error) {
      if (!isRefusedKind(error) || file.name.endsWith(".zip")) throw error;
      const name = zipNameOf(file.name, await digestOf(file.bytes));
      // The same content may be there, of a run that did not come to its note, or of another incident's.
      const [there] = await this.#files((other) => other === name);
      return there ?? (await this.#uploadZip(name, file, error));
    }
  }

  async #uploadZip(name: string, { name: inner, bytes }: TicketFile, refusal: unknown): Promise<Attached> {
    try {
      return await this.#upload({ name, type: "application/zip", bytes: zipped([{ name: inner, bytes }], null) });
    } catch (error) {
      // What the instance says of the file tells more than what it says of the ZIP file.
      throw error instanceof TicketError && error.failure !== "unreachable" ? refusal : error;
    }
  }

  async #upload({ name, type, bytes }: TicketFile): Promise<Attached> {
    const { table, sysId } = await this.#record();
    const url = this.#instance.api("attachment/file", { table_name: table, table_sys_id: sysId, file_name: name });
    const row = this.#instance.rowOf(await this.#instance.http.ask({ method: "POST", url, body: { bytes, type } }));
    const file = this.#file(row, name);
    if (isText(row.size_bytes) && row.size_bytes !== "" && file.bytes !== bytes.length)
      throw new TicketError(
        "refused",
        `${this.#asked.server} stored ${file.bytes} bytes of the ${bytes.length} of ${name}`,
      );
    return { ...file, bytes: bytes.length };
  }

  /** The address is made of the id: what an answer calls a link may lead anywhere. */
  #file(row: Row, name: string): Attached {
    const id = idOf(row);
    if (id === null) throw new TicketError("unreachable", `${this.#asked.server} tells of ${name} without its sys_id`);
    const bytes = Number(row.size_bytes);
    return {
      name,
      bytes: Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0,
      url: `${this.#asked.server}/sys_attachment.do?sys_id=${id}`,
      id,
    };
  }

  async remove(file: Attached): Promise<boolean> {
    const url = this.#instance.api(`attachment/${encodeURIComponent(file.id)}`);
    // 404: it is gone, or a try whose answer was lost has removed it.
    const answer = await this.#instance.http.ask({ method: "DELETE", url, expects: [403, 404] });
    return answer.status !== 403;
  }

  async ownComment(mark: string): Promise<OwnComment | null> {
    const note = await ownNote(this.#instance, await this.#record(), mark);
    this.#ownNote = note?.body ?? "";
    return note === null ? null : { ...note, url: this.url };
  }

  written(blocks: readonly Block[], mark: string, files: readonly Attached[], limits: Limits): string {
    const there = files.map((file) => ({ ...file, name: this.#zips.get(file.id) ?? file.name }));
    return journalNote(blocks, mark, there, limits.commentCharacters);
  }

  async comment(body: string, before: OwnComment | null): Promise<{ url: string | null }> {
    if (isOnTicket(body, before)) return { url: this.url };
    const record = await this.#record();
    const url = this.#instance.api(`table/${record.table}/${record.sysId}`, { sysparm_fields: "sys_id" });
    await this.#instance.http.ask({ method: "PATCH", url, body: { json: { work_notes: noteFor(body, before) } } });
    const mark = markOf(body);
    const now = mark === null ? null : await ownNote(this.#instance, record, mark);
    if (now !== null && sameNote(now.body, body)) return { url: this.url };
    throw new TicketError(
      "credentials",
      `${this.#asked.server} took the work note for ${record.number} and did not keep it: fields that an account may not write are left out without a word; give it a role that may, such as itil`,
    );
  }

  planned(files: readonly TicketFile[], body: string, before: OwnComment | null): Planned[] {
    const table = this.#name.table ?? "task";
    const sysId = "sysId" in this.#name ? this.#name.sysId : `SYS_ID_OF_${this.#name.number}`;
    const uploads = files.map(({ name, bytes }) => ({
      method: "POST",
      url: this.#instance.api("attachment/file", { table_name: table, table_sys_id: sysId, file_name: name }),
      body: `${name}, ${formatBytes(bytes.length)}`,
    }));
    if (isOnTicket(body, before)) return uploads;
    const note = {
      method: "PATCH",
      url: this.#instance.api(`table/${table}/${sysId}`),
      body: `work_notes: ${noteFor(body, before)}`,
    };
    return [...uploads, note];
  }

  /** Looked up once; again after a failure. */
  #record(): Promise<FoundRecord> {
    this.#found ??= this.#instance.find(this.#name).then(
      (found) => {
        this.#known = found;
        return found;
      },
      (error: unknown) => {
        this.#found = null;
        throw error;
      },
    );
    return this.#found;
  }
}

const isOnTicket = (body: string, before: OwnComment | null): boolean => before !== null && sameNote(before.body, body);

const noteFor = (body: string, before: OwnComment | null): string => (before === null ? body : replacing(body));

/** Of the content of a ZIP file that the note links; null: it links none of this id. Its name ends with the digest that the note tells (mark.ts). */
function toldBytes(note: string, { id, name }: Attached): number | null {
  const digest = name.slice(-".zip".length - DIGEST_CHARACTERS, -".zip".length);
  const told = note.includes(id) ? new RegExp(`([\\d,]+) bytes, sha256 ${digest}`).exec(note) : null;
  return told === null ? null : Number(told[1]!.replace(/,/g, ""));
}

const isRefusedKind = (error: unknown): boolean =>
  error instanceof TicketError && error.failure !== "unreachable" && REFUSES_KIND.test(error.message);
