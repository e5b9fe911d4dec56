// Which texts of the wire does the flow room keep? All of them are redacted here, once, behind the pass: whoever reads the view later
// (analyses, pictures, the page) finds nothing that it would have to think of.

import type { BrokenMessage, Exchange, Remark } from "../core/stream-decoder.ts";
import type { TextRedactor } from "../core/text-redactor.ts";
import type { FlowNotes } from "./flow-notes.ts";
import type { FlowTable } from "./flow-table.ts";

/** Call it behind captureView(), which ends the services' activities, and once for a table. */
export function redactKept(table: FlowTable, texts: TextRedactor): void {
  if (texts.level === "none") return;
  const { ledger, streams } = table;
  const exchange = (e: Exchange | null): void => {
    for (let outer = e; outer !== null; outer = outer.onBehalfOf) texts.exchange(outer);
  };
  for (const { notes } of streams.allNotes()) for (const [name, value] of notes.labels) texts.learn(name, value);
  for (const e of ledger.kept) exchange(e);
  for (const e of ledger.cut) exchange(e);
  for (const { activity, protocol } of ledger.services) {
    for (const e of activity.slow) exchange(e);
    for (const silence of activity.silences) exchange(silence.first);
    if (texts.pseudonyms !== null) activity.rename((kind) => texts.kind(kind, protocol));
  }
  for (const { notes, protocol } of streams.allNotes()) {
    redactNotes(notes, texts, protocol);
    exchange(notes.last);
    for (const e of notes.candidates) exchange(e);
  }
}

function redactNotes(notes: FlowNotes, texts: TextRedactor, protocol: Exchange["protocol"]): void {
  for (const [name, value] of notes.labels) notes.labels.set(name, texts.label(name, value));
  const inPlace = <T extends Remark | BrokenMessage>(list: T[], of: (item: T) => T): void => {
    list.forEach((item, n) => {
      list[n] = of(item);
    });
  };
  inPlace(notes.remarks, (remark) => ({ ...remark, text: texts.errorText(remark.text, protocol) }));
  inPlace(notes.broken, (message) => ({ ...message, what: texts.names(message.what) }));
}
