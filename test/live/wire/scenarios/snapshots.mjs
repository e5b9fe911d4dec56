// --sockets 1s beside a leak: are the snapshots there, in time, and does the report name the process?

import { readFileSync } from "node:fs";
import { filesIn, readReport, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";

export const question = "does --sockets take a snapshot a second, and does the report name the process?";
export const load = 0.3;
export const seconds = 12;
const LASTS_S = 7;
const LATE_MS = 500;

export async function run(room) {
  const host = room.host();
  await host.server("server", {});
  const folder = room.path("ring");
  const report = room.path("report.json");
  const begun = Date.now();
  const capture = await startCapture(host, [
    ...[
      "capture",
      "-i",
      "lo",
      "-w",
      folder,
      "--sockets",
      "1s",
      "--duration",
      `${LASTS_S}s`,
      "--format",
      "json",
      "-o",
      report,
    ],
  ]);
  const client = host.traffic("client", { perSecond: 20, seconds: 4, leakAfterS: 0.5 });
  const end = await capture.within(20_000);
  if (!room.hold(end?.code === 0, `exit ${end?.code}: ${capture.stderr.slice(-300)}`)) return;
  await sleep(50);
  const files = filesIn(folder, ".sockets.txt");
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const times = [...text.matchAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?\+00:00)?/g)]
    .map(([time]) => Date.parse(/Z|\+/.test(time) ? time : `${time}Z`))
    .filter((time) => time >= begun - 1000 && time <= Date.now());
  const gaps = times.slice(1).map((time, n) => time - times[n]);
  room.figure(
    `snapshots in ${LASTS_S} s, gaps between them`,
    `${times.length}, ${Math.min(...gaps)} to ${Math.max(...gaps)} ms`,
  );
  room.hold(times.length >= LASTS_S - 1 && times.length <= LASTS_S + 2, `${times.length} snapshots in ${LASTS_S} s`);
  room.hold(
    gaps.every((gap) => Math.abs(gap - 1000) <= LATE_MS),
    `gaps of ${gaps.join(", ")} ms`,
  );
  room.hold(text.includes(`pid=${client.pid},`), `no snapshot names process ${client.pid}`);
  const findings = readReport(report).findings;
  const finding = findings.find(({ analysis }) => analysis === "half-closed-connections");
  if (
    !room.hold(finding !== undefined, `no finding of half-closed connections: ${findings.map((f) => f.id).join(", ")}`)
  )
    return;
  room.figure("the report says", finding.title);
  room.figure("and", finding.summary.slice(0, 300));
  room.hold(JSON.stringify(finding).includes(String(client.pid)), `the finding does not name process ${client.pid}`);
}
