// How is `Get-NetTCPConnection | Export-Csv` read? A heading in any order, quotes, and the separator of the user's country.
//
// Microsoft Learn, "Export-Csv": Windows PowerShell writes a first line `#TYPE …` unless told not to; `-UseCulture` separates by
// the list separator (a semicolon where the comma is decimal); PowerShell 7 may leave quotes out.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";
import { addRecord, FIELDS, type Field, isTcp, type PowershellRecord } from "./powershell.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** An object of CIM has about 35 properties. */
const MAX_COLUMNS = 100;
const MAX_WIDTH = 16_384;
const TYPE = "#TYPE ";
const NAME = /^[A-Za-z_][A-Za-z0-9_ ]*$/;

interface Heading {
  readonly delimiter: string;
  readonly fields: readonly (Field | null)[];
}

export const powershellCsv: DumpReader = {
  format: "powershell-csv",
  system: "windows",
  begins: (line) => (isType(line) || headingOf(line) !== null ? "heading" : null),
  open: () => new Session(),
};

class Session implements DumpSession {
  private heading: Heading | null = null;

  read(line: string, into: DumpBuilder): Reading {
    if (line.trim() === "" || isType(line)) return "part";
    const heading = headingOf(line);
    if (heading !== null) {
      this.heading = heading;
      return "part";
    }
    if (this.heading === null) return "foreign";
    const { delimiter, fields } = this.heading;
    const values = line.length > MAX_WIDTH ? null : fieldsOf(line, delimiter);
    if (values === null || values.length !== fields.length) return line.startsWith('"') ? "unread" : "foreign";
    const record: PowershellRecord = {};
    for (const [n, field] of fields.entries()) if (field !== null) record[field] = values[n]!.trim();
    return addRecord(record, into) ?? "unread";
  }

  end(): void {}
}

const isType = (line: string): boolean =>
  line.startsWith(TYPE) && line.length <= MAX_WIDTH && line.includes("NetTCPConnection");

function headingOf(line: string): Heading | null {
  if (line.length > MAX_WIDTH || !/LocalPort/i.test(line)) return null;
  for (const delimiter of DELIMITERS) {
    const names = line.includes(delimiter) ? fieldsOf(line, delimiter) : null;
    if (names === null || names.length < 2 || !names.every((n) => NAME.test(n.trim()))) continue;
    const fields = names.map((n) => FIELDS.get(n.trim().toLowerCase()) ?? null);
    if (isTcp((field) => fields.includes(field))) return { delimiter, fields };
  }
  return null;
}

/** RFC 4180 §2: a quote inside quotes is doubled. Null: a quote is not closed, or there are too many fields. */
function fieldsOf(line: string, delimiter: string): string[] | null {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < MAX_COLUMNS) {
    let text = "";
    if (line[at] === '"') {
      for (;;) {
        const quote = line.indexOf('"', at + 1);
        if (quote < 0) return null;
        text += line.slice(at + 1, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        text += '"';
      }
      if (at < line.length && line[at] !== delimiter) return null;
    } else {
      const end = line.indexOf(delimiter, at);
      text = line.slice(at, end < 0 ? line.length : end);
      at = end < 0 ? line.length : end;
    }
    fields.push(text);
    if (at >= line.length) return fields;
    at++;
  }
  return null;
}
