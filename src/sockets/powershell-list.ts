// How is `Get-NetTCPConnection | Format-List` read? `Name : value` a line, records parted by empty lines.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";
import { addRecord, FIELDS, type PowershellRecord } from "./powershell.ts";

/** Properties that only this kind of record has; the list may begin with any of them. */
const OWN = new Set(["localaddress", "localport", "remoteaddress", "remoteport", "owningprocess"]);
/** Both ends, as this class writes them in its key: `10.0.0.5++50212++10.0.0.40++1521`, or with `??`. */
const INSTANCE = /^[0-9a-f:.%]{2,64}(?:\+\+|\?\?)\d{1,5}(?:\+\+|\?\?)/i;
/** The longest property of a CIM object has 24 letters; computed ones are the user's. */
const MAX_NAME = 64;
const NAME = /^[A-Za-z_][A-Za-z0-9_ ]*$/;
/** Values that are read are short; the rest of a longer one is no address. */
const MAX_VALUE = 512;
const MAX_SHOWN = 120;

export const powershellList: DumpReader = {
  format: "powershell-list",
  system: "windows",
  begins(line) {
    const name = nameOf(line);
    if (name === null) return null;
    return OWN.has(name) || (name === "instanceid" && INSTANCE.test(propertyValue(line))) ? "row" : null;
  },
  open: () => new Session(),
};

class Session implements DumpSession {
  private record: PowershellRecord = {};
  private names = new Set<string>();
  /** Of the record's first line. */
  private line = 0;

  read(line: string, into: DumpBuilder): Reading {
    if (line.trim() === "") return this.finish(into);
    const name = nameOf(line);
    if (name === null) {
      // A long value goes on below itself, indented.
      return this.names.size > 0 && /^\s/.test(line) ? "part" : "foreign";
    }
    // Blank lines were taken out: the first property comes again.
    const reading = this.names.has(name) ? this.finish(into) : "part";
    if (this.names.size === 0) this.line = into.line;
    this.names.add(name);
    const field = FIELDS.get(name);
    if (field !== undefined) this.record[field] = propertyValue(line);
    return reading;
  }

  end(into: DumpBuilder): void {
    if (this.finish(into) === "other") into.other();
  }

  /** Adds what was collected. */
  private finish(into: DumpBuilder): Reading {
    const { record, line } = this;
    if (this.names.size === 0) return "part";
    this.record = {};
    this.names = new Set();
    const here = into.line;
    into.line = line;
    const added = addRecord(record, into);
    into.line = here;
    if (added === null) into.notRead(JSON.stringify(record).slice(0, MAX_SHOWN), line);
    return added ?? "part";
  }
}

/** The property's name in lower case; null: the line is none. */
function nameOf(line: string): string | null {
  const colon = line.indexOf(":");
  if (colon <= 0 || colon > MAX_NAME) return null;
  // `Name : value`: PowerShell puts a blank on both sides, and none behind when there is no value.
  if (line.charCodeAt(colon - 1) !== 0x20 || (colon + 1 < line.length && line.charCodeAt(colon + 1) !== 0x20))
    return null;
  const name = line.slice(0, colon).trimEnd();
  return NAME.test(name) ? name.toLowerCase() : null;
}

const propertyValue = (line: string): string => line.slice(line.indexOf(":") + 1, line.indexOf(":") + MAX_VALUE).trim();
