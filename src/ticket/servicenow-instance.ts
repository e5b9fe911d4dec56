// How is a ServiceNow instance asked? Rows of a table, in pages; and which record is meant.
//
// Table API and Attachment API (docs, releases Zurich and Australia). Two of their ways shape this file: a query whose parts are not
// understood is answered as if these parts were not there, so every row is looked at again; and sysparm_limit counts before access
// rules take rows away, so a short page need not be the last.

import type { Answer, Http } from "./http/http.ts";
import { member, nextPage } from "./http/paging.ts";
import type { RecordName } from "./servicenow-names.ts";
import { TicketError } from "./ticket-error.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A record that is there, and that the account may read. */
export interface FoundRecord {
  /** Its own table, also where it was looked for in `task`. */
  readonly table: string;
  readonly sysId: string;
  readonly number: string;
}

/** More pages than any record has; a list beyond is refused, for nobody could say whether ours is in it. */
const MAX_PAGES = 200;
const TABLE = /^[a-z][a-z0-9_]{1,79}$/;
/** Records of the base system have ids of other forms, too. */
const ID = /^[0-9A-Za-z_-]{1,64}$/;

export const isText = (value: unknown): value is string => typeof value === "string";

/** A sys_id that can stand in an address; null: there is none. */
export const idOf = (row: Row): string | null => (isText(row.sys_id) && ID.test(row.sys_id) ? row.sys_id : null);

export class ServiceNowInstance {
  readonly server: string;
  readonly #http: Http | null;
  readonly #credentialSources: readonly string[];

  /** `http`: null where there are no credentials. Then nothing is asked. */
  constructor(server: string, http: Http | null, credentialSources: readonly string[]) {
    this.server = server;
    this.#http = http;
    this.#credentialSources = credentialSources;
  }

  get canAsk(): boolean {
    return this.#http !== null;
  }

  /** Throws a TicketError where there are no credentials: an instance shows nothing to strangers. */
  get http(): Http {
    if (this.#http !== null) return this.#http;
    const places = this.#credentialSources.join("; ");
    throw new TicketError("credentials", `no credentials for ${this.server} were found; looked for: ${places}`);
  }

  /** The address of a part of the API; values are encoded. */
  api(path: string, query: Readonly<Record<string, string>> = {}): string {
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return `${this.server}/api/now/${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
  }

  get(path: string, query: Readonly<Record<string, string>>, expects: readonly number[] = []): Promise<Answer> {
    return this.http.ask({ method: "GET", url: this.api(path, query), expects });
  }

  /** The object that an answer holds as its `result`. */
  rowOf(answer: Answer): Row {
    const result = member(answer.json(), "result");
    if (typeof result === "object" && result !== null && !Array.isArray(result)) return result as Row;
    throw new TicketError("unreachable", `${this.server} answered without a record where one is due`);
  }

  rowsOf(answer: Answer): Row[] {
    const result = member(answer.json(), "result");
    if (!Array.isArray(result))
      throw new TicketError("unreachable", `${this.server} answered without a list where one is due`);
    return result.filter((row) => typeof row === "object" && row !== null);
  }

  /** Every row in its order, page by page, until `take` says that it has what it looked for. `refused`: the statuses that end it without rows. */
  async eachRow(
    path: string,
    query: Readonly<Record<string, string>>,
    { page, refused = [] }: { page: number; refused?: readonly number[] },
    take: (row: Row) => boolean,
  ): Promise<void> {
    for (let n = 0; n < MAX_PAGES; n++) {
      const paging = { sysparm_limit: `${page}`, sysparm_offset: `${n * page}` };
      const answer = await this.get(path, { ...query, ...paging }, refused);
      if (refused.includes(answer.status)) return;
      const rows = this.rowsOf(answer);
      if (rows.some(take)) return;
      if (rows.length < page && nextPage(answer.header("link")) === null) return;
    }
    throw new TicketError("unreachable", `${this.server} gives more than ${MAX_PAGES} pages of ${path}`);
  }

  async find(name: RecordName): Promise<FoundRecord> {
    const fields = { sysparm_fields: "sys_id,number,sys_class_name", sysparm_exclude_reference_link: "true" };
    const table = name.table ?? "task";
    if ("sysId" in name) {
      const row = this.rowOf(await this.get(`table/${table}/${name.sysId}`, fields));
      return this.#found(row, table, name.sysId);
    }
    const { number } = name;
    // Two, for a number that is there twice names no record.
    const answer = await this.get(`table/${table}`, {
      sysparm_query: `number=${number}`,
      ...fields,
      sysparm_limit: "2",
    });
    const rows = this.rowsOf(answer).filter((row) => isText(row.number) && row.number.toUpperCase() === number);
    if (rows.length === 1) return this.#found(rows[0]!, table, number);
    if (rows.length > 1)
      throw new TicketError(
        "unknown-ticket",
        `${this.server} has more than one ${number} in ${table}; give the record's address`,
      );
    throw new TicketError("no-ticket", `${this.server} shows no ${number} in ${table} to this account`);
  }

  #found(row: Row, asked: string, called: string): FoundRecord {
    const sysId = idOf(row);
    if (sysId === null) throw new TicketError("unreachable", `${this.server} answered without the sys_id of ${called}`);
    // A record of a kind of `task` has its files under the table of its kind.
    const kind = isText(row.sys_class_name) && TABLE.test(row.sys_class_name) ? row.sys_class_name : asked;
    return { table: kind, sysId, number: isText(row.number) && row.number !== "" ? row.number : called };
  }
}
