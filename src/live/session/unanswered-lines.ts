// How is a request that went unanswered told the moment it happens? One line each, a few a second; the others are counted.

import { toSeconds } from "../../core/clock.ts";
import { visible } from "../../core/escape.ts";
import { formatNumber, formatTime } from "../../core/format.ts";
import type { TextRedactor } from "../../core/text-redactor.ts";
import { cut } from "../../core/wrap.ts";
import type { Unanswered } from "./session-parts.ts";
import { age } from "./summary-line.ts";

/** More scroll by unread. */
export const LINES_A_SECOND = 3;

/** `texts` redacts what was on the wire. Lines of at most `columns`. */
export function unansweredLines(
  requests: readonly Unanswered[],
  iso: (time: number) => string,
  texts: TextRedactor,
  columns: number,
): string[] {
  const lines = requests.slice(0, LINES_A_SECOND).map(({ exchange, client, server }) => {
    texts.exchange(exchange);
    const { request, requestEnd, waited, gaveUp } = exchange;
    const when = formatTime(iso(requestEnd + (gaveUp === null ? 0 : waited))).slice(0, 8);
    const after = gaveUp === null ? "" : ` after ${age(toSeconds(waited))}`;
    const what = request === null ? "" : `${request.method} ${request.target}`.trim();
    const between = `${texts.names(client)} to ${texts.names(server)}`;
    return cut(visible(`${when} unanswered${after}: ${between} ${what}`), columns, "…");
  });
  const more = requests.length - lines.length;
  if (more > 0) lines.push(`         and ${formatNumber(more)} more went unanswered in that second`);
  return lines;
}
