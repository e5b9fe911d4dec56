// What does a ServiceNow instance answer? One for tests, after the Table API and the Attachment API (docs, Zurich and Australia): it takes
// what is documented, and nothing else, and fails as is documented.

import type { Received, Reply } from "./tracker-server.ts";

export const INCIDENT = "9d385017c611228701d22104cc95c371";
export const AUTHORIZATION = `Basic ${Buffer.from("ann:pl4nted-s3cret").toString("base64")}`;

export interface Access {
  /** May sys_journal_field be read? Rows are left out, or the table is refused. */
  journal: "all" | "none" | "refused";
  /** Of the record's field work_notes. */
  readNotes: boolean;
  writeNotes: boolean;
  deleteFiles: boolean;
  properties: boolean;
  /** `glide.attachment.extensions`; empty: all. */
  extensions: string[];
}

interface Stored {
  sys_id: string;
  file_name: string;
  content_type: string;
  bytes: Uint8Array;
}

/** {error: {message, detail}, status: "failure"}, as every part of the REST API fails. */
export const failure = (status: number, message: string, detail: string): Reply => ({
  status,
  json: { error: { message, detail }, status: "failure" },
});
const notFound = failure(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval");
const unauthorized = failure(401, "User Not Authenticated", "Required to provide Auth information");

export class Instance {
  readonly access: Access = {
    journal: "all",
    readNotes: true,
    writeNotes: true,
    deleteFiles: true,
    properties: false,
    extensions: [],
  };
  readonly files: Stored[] = [];
  /** Oldest first. */
  readonly notes: { sys_id: string; value: string }[] = [];
  /** Megabytes. */
  maxSize = "";
  /** Does a page name the next one in a Link header? The Table API is documented to. */
  links = true;
  /** What the instance makes of a note's text when it stores it. */
  storing: (text: string) => string = (text) => text;
  #ids = 0;

  readonly script = (request: Received): Reply => {
    if (request.headers.authorization !== AUTHORIZATION) return unauthorized;
    if (request.headers.accept !== "application/json") throw new Error(`Accept: ${request.headers.accept}`);
    const path = /^\/api\/now\/(.*)$/.exec(request.path)?.[1];
    if (path === undefined) throw new Error("not a path of the REST API");
    if (path === "attachment") return this.#list(request);
    if (path === "attachment/file") return this.#upload(request);
    if (path.startsWith("attachment/")) return this.#remove(request, path.slice("attachment/".length));
    const [table, sysId, ...rest] = path.replace(/^table\//, "").split("/");
    if (!path.startsWith("table/") || rest.length > 0) throw new Error("not a path of the REST API");
    return sysId === undefined ? this.#rows(request, table!) : this.#record(request, table!, sysId);
  };

  newId(): string {
    return (++this.#ids).toString(16).padStart(32, "0");
  }

  #list(request: Received): Reply {
    only(request, "GET", ["sysparm_limit", "sysparm_offset", "sysparm_query"]);
    const conditions = encodedQuery(request, ["table_sys_id"], []);
    if (conditions.table_sys_id !== INCIDENT) return { json: { result: [] } };
    return this.#paged(request, this.files.map(metadata));
  }

  #upload(request: Received): Reply {
    only(request, "POST", ["table_name", "table_sys_id", "file_name"]);
    const [table, record, name] = ["table_name", "table_sys_id", "file_name"].map((p) => request.query.get(p) ?? "");
    if (!table || !record || !name) return failure(400, "Bad Request", "a mandatory parameter is missing");
    if (table !== "incident" || record !== INCIDENT) return notFound;
    if (request.headers["content-type"] === undefined) throw new Error("Content-Type is mandatory");
    const extension = name.slice(name.lastIndexOf(".") + 1);
    if (this.access.extensions.length > 0 && !this.access.extensions.includes(extension))
      return failure(
        400,
        "Failed to create the attachment",
        "File type is not allowed or does not match the content of the file",
      );
    const file = {
      sys_id: this.newId(),
      file_name: name,
      content_type: request.headers["content-type"],
      bytes: request.bytes,
    };
    this.files.push(file);
    return { status: 201, json: { result: metadata(file) } };
  }

  #remove(request: Received, id: string): Reply {
    only(request, "DELETE", []);
    if (!this.access.deleteFiles) return failure(403, "Insufficient rights to delete", "ACL");
    const at = this.files.findIndex((file) => file.sys_id === id);
    if (at === -1) return notFound;
    this.files.splice(at, 1);
    return { status: 204 };
  }

  #rows(request: Received, table: string): Reply {
    only(request, "GET", [
      "sysparm_query",
      "sysparm_fields",
      "sysparm_limit",
      "sysparm_offset",
      "sysparm_exclude_reference_link",
    ]);
    if (table === "sys_journal_field") return this.#journal(request);
    if (table === "sys_properties") {
      const rows = this.access.properties
        ? [{ name: encodedQuery(request, ["name"], []).name, value: this.maxSize }]
        : [];
      return { json: { result: rows } };
    }
    if (table !== "incident" && table !== "task") return failure(400, "Invalid table", `${table}`);
    const { number } = encodedQuery(request, ["number"], []);
    return { json: { result: number === "INC0010023" ? [RECORD] : [] } };
  }

  #journal(request: Received): Reply {
    if (this.access.journal === "refused")
      return failure(403, "Operation Failed", "ACL Exception Query Failed due to security constraints");
    const { element_id: record, element, value } = encodedQuery(request, ["element_id", "element"], ["value"]);
    if (record !== INCIDENT || element !== "work_notes") return { json: { result: [] } };
    const newestFirst = request.query.get("sysparm_query")!.endsWith("^ORDERBYDESCsys_created_on");
    const rows = (newestFirst ? [...this.notes].reverse() : this.notes).filter(
      (note) => value === undefined || note.value.includes(value),
    );
    const shown = rows.map((note) => ({ ...note, element_id: INCIDENT, element: "work_notes" }));
    return this.#paged(request, shown, this.access.journal !== "none");
  }

  #record(request: Received, table: string, sysId: string): Reply {
    if (request.method === "PATCH") return this.#update(request, table, sysId);
    only(request, "GET", ["sysparm_fields", "sysparm_display_value", "sysparm_exclude_reference_link"]);
    if ((table !== "incident" && table !== "task") || sysId !== INCIDENT) return notFound;
    const fields = (request.query.get("sysparm_fields") ?? "").split(",");
    // Of a journal field, the value is empty: what was entered stands in the journal.
    const display = request.query.get("sysparm_display_value") === "true";
    const notes = display
      ? this.notes
          .map(({ value }) => `2026-11-21 10:00:00 - Ann Example (Work notes)\n${value}\n\n`)
          .reverse()
          .join("")
      : "";
    const all: Record<string, string> = { ...RECORD, ...(this.access.readNotes && { work_notes: notes }) };
    return { json: { result: Object.fromEntries(fields.filter((f) => all[f] !== undefined).map((f) => [f, all[f]])) } };
  }

  #update(request: Received, table: string, sysId: string): Reply {
    only(request, "PATCH", ["sysparm_fields"]);
    if (table !== "incident" || sysId !== INCIDENT) return notFound;
    if (request.body.kind !== "json") throw new Error("no JSON");
    const update = request.body.json as Record<string, unknown>;
    if (Object.keys(update).join() !== "work_notes" || typeof update.work_notes !== "string")
      throw new Error(`only work_notes is to be written, not ${Object.keys(update)}`);
    if (this.access.writeNotes) this.notes.push({ sys_id: this.newId(), value: this.storing(update.work_notes) });
    return { json: { result: { sys_id: INCIDENT } } };
  }

  /** The limit counts before access rules take rows away. */
  #paged(request: Received, rows: readonly unknown[], visible = true): Reply {
    const number = (name: string): number => {
      const text = request.query.get(name) ?? "";
      if (!/^\d+$/.test(text)) throw new Error(`${name} is no number`);
      return Number(text);
    };
    const [limit, offset] = [number("sysparm_limit"), number("sysparm_offset")];
    const next = `<https://elsewhere.example.com/api/now/next?sysparm_offset=${offset + limit}>;rel="next"`;
    return {
      headers: this.links && offset + limit < rows.length ? { Link: next } : {},
      json: { result: visible ? rows.slice(offset, offset + limit) : [] },
    };
  }
}

const RECORD = { sys_id: INCIDENT, number: "INC0010023", sys_class_name: "incident" };

const metadata = ({ sys_id, file_name, content_type, bytes }: Stored) => ({
  sys_id,
  file_name,
  content_type,
  size_bytes: String(bytes.length),
  table_name: "incident",
  table_sys_id: INCIDENT,
  // Hostile: nobody may follow it.
  download_link: `https://elsewhere.example.com/api/now/attachment/${sys_id}/file`,
});

function only(request: Received, method: string, names: readonly string[]): void {
  if (request.method !== method) throw new Error(`405: ${request.method}`);
  const unknown = [...request.query.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no documented parameter: ${unknown}`);
}

/** `field=value` and `fieldLIKEvalue`, joined by ^, then orders. */
function encodedQuery(
  request: Received,
  equal: readonly string[],
  like: readonly string[],
): Record<string, string | undefined> {
  const found: Record<string, string> = {};
  for (const part of (request.query.get("sysparm_query") ?? "").split("^")) {
    if (/^ORDERBY(?:DESC)?[a-z_]+$/.test(part)) continue;
    const match = /^([a-z_]+)(=|LIKE)(.+)$/.exec(part);
    if (match === null || !(match[2] === "=" ? equal : like).includes(match[1]!))
      throw new Error(`no condition: ${part}`);
    found[match[1]!] = match[3]!;
  }
  return found;
}
