// Which zone does a person mean? `+02:00`, `-0430`, `+2`, `Z`, `UTC`: an offset from UTC, as ISO 8601 writes it.

import { UsageError } from "./errors.ts";

const OFFSET = /^([+-])(\d{1,2})(?::?(\d{2}))?$/;
/** The zones that are farthest from UTC: +14:00 (Kiribati) and -12:00. */
const MOST = 14 * 60;

/** Minutes east of UTC. Throws {@link UsageError} that names the option. */
export function parseZone(text: string, option: string): number {
  const zone = text.trim();
  if (/^(?:z|utc|gmt)$/i.test(zone)) return 0;
  const parts = OFFSET.exec(zone);
  const minutes = parts === null ? Number.NaN : Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  if (parts === null || minutes > MOST || Number(parts[3] ?? 0) > 59) {
    throw new UsageError(
      `${option} ${JSON.stringify(text)}: not an offset from UTC; write for example +02:00 or -05:00`,
    );
  }
  return parts[1] === "-" && minutes > 0 ? -minutes : minutes;
}
