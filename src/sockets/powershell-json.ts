// How is `Get-NetTCPConnection | ConvertTo-Json` read? An object at a time, over any number of lines, or all in one line.
//
// Microsoft Learn, "ConvertTo-Json": an array, a single object when there is one connection only, `{"value":[…],"Count":n}`
// by some ways of calling it; State is a number unless -EnumsAsStrings; `-Compress` writes one line, which arrives here in
// pieces. Objects nest (CimClass): whichever object has a LocalPort and a state or a remote end is a connection.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";
import { JsonObjects } from "./json-objects.ts";
import { addRecord, FIELDS, type PowershellRecord } from "./powershell.ts";

/** How far into its first line a document must name a property of ours; a whole CIM object has about 1,000 before the first. */
const PROBE = 8192;
/** Pretty-printed, a document's first line is no more than this. */
const OPENINGS = new Set(["[", "{", "[{"]);
const PROPERTIES = ['"LocalAddress"', '"LocalPort"', '"RemoteAddress"', '"OwningProcess"'];
const MAX_SHOWN = 120;

export const powershellJson: DumpReader = {
  format: "powershell-json",
  system: "windows",
  // Never "heading": a piece of a long line may begin like a document.
  begins(line) {
    const start = line.slice(0, PROBE).trimStart();
    if (start[0] !== "{" && start[0] !== "[") return null;
    if (PROPERTIES.some((property) => start.includes(property))) return "row";
    return line.length < PROBE && OPENINGS.has(start.replaceAll(/\s/g, "")) ? "row" : null;
  },
  open: () => new Session(),
};

class Session implements DumpSession {
  private readonly objects = new JsonObjects();
  private found = 0;

  read(line: string, into: DumpBuilder): Reading {
    const { objects } = this;
    if (objects.isOutside) {
      const start = line.slice(0, PROBE).trimStart();
      if (start === "") return "part";
      // Objects one after another are one dump; a second array is another.
      if (start[0] !== "{" && !(start[0] === "[" && !objects.hasEnded)) return "foreign";
    } else if (!objects.mayGoOn(line)) {
      if (this.found > 0) into.notRead(line);
      objects.reset();
      return "foreign";
    }
    let reading: Reading = "part";
    const isGood = objects.feed(line, into.line, (object, firstLine) => {
      if (this.add(object, firstLine, into)) reading = "row";
    });
    if (!isGood) {
      objects.reset();
      return this.found > 0 ? "unread" : "foreign";
    }
    return reading;
  }

  end(into: DumpBuilder): void {
    if (this.found > 0 && !this.objects.isOutside) into.notRead("the document ends in the midst of an object");
  }

  private add(object: ReadonlyMap<string, string>, firstLine: number, into: DumpBuilder): boolean {
    const record: PowershellRecord = {};
    for (const [name, value] of object) {
      const field = FIELDS.get(name);
      if (field !== undefined) record[field] = value;
    }
    if (record.localPort === undefined) return false;
    this.found++;
    const here = into.line;
    into.line = firstLine;
    const added = addRecord(record, into);
    into.line = here;
    if (added === "other") into.other();
    if (added === null) into.notRead(JSON.stringify(record).slice(0, MAX_SHOWN), firstLine);
    return added === "row";
  }
}
