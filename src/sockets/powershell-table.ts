// How is the table of Get-NetTCPConnection read? By where the words of its heading and the rule below them stand.
//
// PowerShell aligns texts to the left edge of their heading and numbers to its right edge: a value always shares a column of
// characters with its heading's rule. What was pasted with its blanks collapsed is read by the order of the columns.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";
import { readAddress } from "./endpoint.ts";
import { addRecord, FIELDS, type Field, isTcp, type PowershellRecord } from "./powershell.ts";
import { stateOf } from "./state-words.ts";

/** A property: null where it is none that is read. */
interface Column {
  readonly field: Field | null;
  /** May be empty in a row: AppliedSetting is, for whatever is not connected. */
  readonly isOptional: boolean;
  start: number;
  end: number;
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A table of more columns, or a longer line, is no table of connections. */
const MAX_COLUMNS = 40;
const MAX_WIDTH = 4096;
const NAME = /^[A-Za-z][A-Za-z0-9]*(?:\.\.\.|…)?$/;
/** The default view (`MSFT_NetTCPConnection.format.ps1xml`), for rows whose heading was cut off. */
const DEFAULT = [
  "LocalAddress",
  "LocalPort",
  "RemoteAddress",
  "RemotePort",
  "State",
  "AppliedSetting",
  "OwningProcess",
];
const SETTINGS = new Set([
  "Internet",
  "Datacenter",
  "Compat",
  "Custom",
  "InternetCustom",
  "DatacenterCustom",
  "Automatic",
]);

export const powershellTable: DumpReader = {
  format: "powershell-table",
  system: "windows",
  begins(line) {
    if (line.length > MAX_WIDTH) return null;
    if (columnsOf(line) !== null) return "heading";
    return isPlainRow(line) ? "row" : null;
  },
  open: () => new Session(),
};

class Session implements DumpSession {
  private columns: Column[] = DEFAULT.map((name) => columnNamed(name, new Set()));
  /** Whether the positions mean anything. */
  private isPlaced = false;

  read(line: string, into: DumpBuilder): Reading {
    if (line.length > MAX_WIDTH) return "foreign";
    const text = line.trim();
    if (text === "") return "part";
    if (/^[- ]+$/.test(text)) return this.rule(line);
    const heading = columnsOf(line);
    if (heading !== null) {
      this.columns = heading;
      this.isPlaced = true;
      return "part";
    }
    const tokens = tokensOf(line);
    for (const record of this.readings(tokens)) {
      if (record !== null && isRow(record) && addRecord(record, into) === "row") return "row";
    }
    return isAddress(tokens[0]!.text) || isAddress(tokens[2]?.text ?? "") ? "unread" : "foreign";
  }

  end(): void {}

  /** The rule is as wide as its heading; where it is not, the heading was pasted apart from it. */
  private rule(line: string): Reading {
    const dashes = tokensOf(line);
    if (dashes.length !== this.columns.length) return "foreign";
    for (const [n, { start, end }] of dashes.entries()) Object.assign(this.columns[n]!, { start, end });
    this.isPlaced = true;
    return "part";
  }

  private *readings(tokens: Token[]): Iterable<PowershellRecord | null> {
    if (this.isPlaced) yield this.byPlace(tokens);
    yield this.byOrder(tokens);
  }

  private byPlace(tokens: Token[]): PowershellRecord | null {
    const record: PowershellRecord = {};
    let last = -1;
    for (const token of tokens) {
      const at = this.columns.findIndex((c) => token.start < c.end && token.end > c.start);
      // Beyond a heading's rule: a further word of a text that began below it ("Web Content").
      const column = at < 0 ? last : at;
      if (column < last || column < 0) return null;
      last = column;
      append(record, this.columns[column]!.field, token.text);
    }
    return record;
  }

  private byOrder(tokens: Token[]): PowershellRecord | null {
    const { columns } = this;
    const required = columns.filter((c) => !c.isOptional);
    const named = tokens.length === columns.length ? columns : tokens.length === required.length ? required : null;
    if (named === null) return null;
    const record: PowershellRecord = {};
    for (const [n, token] of tokens.entries()) append(record, named[n]!.field, token.text);
    return record;
  }
}

function append(record: PowershellRecord, field: Field | null, text: string): void {
  if (field !== null) record[field] = record[field] === undefined ? text : `${record[field]} ${text}`;
}

/** Every value that a row must have; an address that is there is one. */
const isRow = (record: PowershellRecord): boolean => isTcp((field) => record[field] !== undefined);

/** Null: no heading of such a table. */
function columnsOf(line: string): Column[] | null {
  if (!line.includes("Loc") || line.length > MAX_WIDTH) return null;
  const tokens = tokensOf(line);
  if (tokens.length < 2 || tokens.length > MAX_COLUMNS || !tokens.every((t) => NAME.test(t.text))) return null;
  const taken = new Set<Field>();
  const columns = tokens.map(({ text, start, end }) => {
    const column = columnNamed(text, taken);
    if (column.field !== null) taken.add(column.field);
    return { ...column, start, end };
  });
  return isTcp((field) => taken.has(field)) ? columns : null;
}

/** A heading that was cut (`RemoteAd...`) is the first property that begins so and has no column yet. */
function columnNamed(heading: string, taken: ReadonlySet<Field>): Column {
  const name = heading.toLowerCase();
  const stem = name.replace(/(?:\.\.\.|…)$/, "");
  let field = FIELDS.get(name) ?? null;
  if (field === null && stem !== name && stem.length > 0) {
    field = [...FIELDS].find(([full, f]) => full.startsWith(stem) && !taken.has(f))?.[1] ?? null;
  }
  return { field, isOptional: "appliedsetting".startsWith(stem) && stem !== "", start: 0, end: 0 };
}

/** A row of the default view that no other format writes: two addresses, each with its port behind it, and a state. */
function isPlainRow(line: string): boolean {
  const first = line.charCodeAt(0);
  // An address stands at the very beginning: a figure, a colon, or a letter of an IPv6 address.
  if (!/^[0-9a-fA-F:]$/.test(String.fromCharCode(first))) return false;
  const [local, localPort, remote, remotePort, state, ...rest] = line.trim().split(/\s+/, 9);
  if (state === undefined || rest.length > 2 || stateOf(state) === null) return false;
  const settings = rest.slice(0, -1);
  return (
    isAddress(local!) &&
    isAddress(remote!) &&
    isNumber(localPort!) &&
    isNumber(remotePort!) &&
    settings.every((s) => SETTINGS.has(s)) &&
    rest.every((r) => isNumber(r) || SETTINGS.has(r))
  );
}

const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text);

/** No host name, no date (`21.11.2026`), no time; whole, or cut. */
const isAddress = (text: string): boolean =>
  /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) ||
  (text.includes(":") && (readAddress(text) !== null || /^[0-9a-fA-F:.]{2,40}(?:\.\.\.|…)$/.test(text)));

function tokensOf(line: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: text, index } of line.matchAll(/\S+/g)) tokens.push({ text, start: index, end: index + text.length });
  return tokens;
}
