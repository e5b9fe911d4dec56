// A minute of connections of every kind: are the counts of the summary lines those that `ss` shows?

import { startCapture, summaryRows } from "../program.mjs";
import { sleep } from "../room.mjs";
import { watchSockets } from "../truth.mjs";

export const question = "are the states of the summary lines those that ss counts?";
export const load = 0.2;
export const seconds = 78;
const LASTS_S = 70;
/** Column of the summary → states of ss. */
const COLUMNS = {
  estab: ["ESTAB"],
  "close-wait": ["CLOSE-WAIT"],
  "fin-wait": ["FIN-WAIT-1", "FIN-WAIT-2"],
  "time-wait": ["TIME-WAIT"],
};
/** A line is made of what has come so far: the counts lie between those that ss had in the second before it; on a busy machine both are late. */
const BEFORE_MS = 1500;
const AFTER_MS = 300;
/** The kernel's timers end TIME_WAIT late: 60 s are over after 60 to 62 s where HZ is 250, and up to 67.5 s by the wheel. */
const TIMERS_LATE_MS = 3000;
const REQUIRED_SHARE = 0.9;

export async function run(room) {
  const host = room.host();
  const sockets = watchSockets(host, 40);
  const capture = await startCapture(host, [
    "capture",
    "-i",
    "lo",
    "-w",
    room.path("ring"),
    "--no-report",
    "--duration",
    `${LASTS_S}s`,
  ]);
  host.traffic("mixed", { perSecond: 12, seconds: LASTS_S });
  const end = await capture.within((LASTS_S + 15) * 1000);
  await sleep(200);
  const shown = sockets.stop();
  room.hold(end?.code === 0, `exit ${end?.code}: ${capture.stderr.slice(-300)}`);
  const rows = summaryRows(capture.lines);
  if (
    !room.hold(
      rows.length >= LASTS_S - 3,
      `${rows.length} summary lines in ${LASTS_S} s: ${capture.stderr.slice(0, 400)}`,
    )
  )
    return;
  // Packets are handed over in blocks: a line tells of a moment that is a little past.
  const behind = [0, 100, 200, 300, 400, 500, 600, 700];
  for (const [column, names] of Object.entries(COLUMNS)) {
    const count = ({ states }) => names.reduce((sum, name) => sum + (states.get(name) ?? 0), 0);
    const exactly = behind.map(
      (ms) => rows.filter((row) => count(nearest(shown, row.at - ms)) === Number(row[column])).length,
    );
    let [within, most] = [0, 0];
    const off = [];
    for (const row of rows) {
      const said = Number(row[column]);
      const late = column === "time-wait" ? TIMERS_LATE_MS : 0;
      const near = shown.filter(({ at }) => at >= row.at - BEFORE_MS && at <= row.at + AFTER_MS + late).map(count);
      const [least, highest] = [Math.min(...near), Math.max(...near)];
      most = Math.max(most, highest);
      if (said >= least && said <= highest) within++;
      else off.push(`${said} where ss had ${least} to ${highest}`);
    }
    const best = Math.max(...exactly);
    room.figure(
      `${column}: lines, within their second, exactly as ss; most`,
      `${rows.length}, ${within}, ${best} (${behind[exactly.indexOf(best)]} ms before the line); ${most}`,
    );
    room.hold(most > 0, `${column}: ss never had one: this proves nothing`);
    room.hold(
      within / rows.length >= REQUIRED_SHARE,
      `${column}: ${off.length} lines are off: ${off.slice(0, 5).join("; ")}`,
    );
  }
}

const nearest = (shown, at) =>
  shown.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best));
