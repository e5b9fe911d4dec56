// What do decoders say of a connection beside its exchanges? As plain data, to be sent or written, and into the notes of all flows.

import type { BrokenMessage, Label, Remark } from "../core/stream-decoder.ts";
import type { NotesByFlow } from "../flow/flow-notes.ts";

export interface ExportedNotes {
  /** In its share. */
  readonly flow: number;
  readonly labels: readonly (readonly [Label, string])[];
  readonly remarks: readonly Remark[];
  readonly broken: readonly BrokenMessage[];
  readonly brokenCount: number;
  readonly intact: readonly [number, number];
}

export const exportNotes = (noted: NotesByFlow): ExportedNotes[] =>
  [...noted.all()].map(([flow, { labels, remarks, broken, brokenCount, intact }]) => ({
    ...{ flow, labels: [...labels], remarks, broken, brokenCount, intact },
  }));

/** `numberOf`: which flow of the whole is one of the share? */
export function importNotes(
  notes: readonly ExportedNotes[],
  into: NotesByFlow,
  numberOf: (flow: number) => number,
): void {
  for (const { flow, labels, remarks, broken, brokenCount, intact } of notes) {
    const of = into.of(numberOf(flow));
    for (const [name, value] of labels) of.labels.set(name, value);
    of.remarks.push(...remarks);
    of.broken.push(...broken);
    of.brokenCount = brokenCount;
    of.intact[0] = intact[0];
    of.intact[1] = intact[1];
  }
}
