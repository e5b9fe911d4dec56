// Which work note on a ServiceNow record is ours?
//
// Entries of a journal field stand in the table sys_journal_field (element_id: the record, element: the field, value: the text). Often only
// administrators may read it; everybody who may read the notes gets them in the record's own field, all in one text, when display values
// are asked for (Table API, sysparm_display_value). A field that an account may not read is left out of the answer.

import { findNote, wordOf } from "./markup/journal.ts";
import { type FoundRecord, idOf, isText, type ServiceNowInstance } from "./servicenow-instance.ts";
import { TicketError } from "./ticket-error.ts";

/** Notes a page: they may be long. */
const NOTES_PAGE = 50;

export interface Note {
  readonly id: string;
  readonly body: string;
}

/** The newest with this mark; null: there is none. Throws where nobody can tell: the same note once more would be worse than none. */
export async function ownNote(instance: ServiceNowInstance, record: FoundRecord, mark: string): Promise<Note | null> {
  const { own, readable } = await fromJournal(instance, record, mark);
  if (own !== null) return own;
  const path = `table/${record.table}/${record.sysId}`;
  const answer = await instance.get(path, { sysparm_fields: "sys_id,work_notes", sysparm_display_value: "true" });
  const shown = instance.rowOf(answer).work_notes;
  if (isText(shown)) {
    const body = findNote(shown, mark);
    return body === null ? null : { id: `work_notes of ${record.sysId}`, body };
  }
  if (readable) return null;
  throw new TicketError(
    "credentials",
    `the account may not read the work notes of ${record.number}, so that nobody can tell whether this report is there already; give it a role that may, such as itil`,
  );
}

async function fromJournal(
  instance: ServiceNowInstance,
  { sysId }: FoundRecord,
  mark: string,
): Promise<{ own: Note | null; readable: boolean }> {
  const word = wordOf(mark);
  // A caret would begin another condition.
  const only = /^[\w.-]+$/.test(word) ? `^valueLIKE${word}` : "";
  const query = {
    sysparm_query: `element_id=${sysId}^element=work_notes${only}^ORDERBYDESCsys_created_on`,
    sysparm_fields: "sys_id,element_id,element,value",
  };
  const seen: { own: Note | null; readable: boolean } = { own: null, readable: false };
  await instance.eachRow("table/sys_journal_field", query, { page: NOTES_PAGE, refused: [400, 403, 404] }, (row) => {
    if (row.element_id !== sysId || row.element !== "work_notes" || !isText(row.value)) return false;
    seen.readable = true;
    const body = findNote(row.value, mark);
    if (body !== null) seen.own = { id: idOf(row) ?? "", body };
    return body !== null;
  });
  return seen;
}
