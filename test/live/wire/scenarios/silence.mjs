// A server that stops answering: does --until 'unanswered > 20%' notice, and does healthy traffic leave it alone?

import { filesIn, readReport, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";

export const question = "does --until 'unanswered > 20%' catch a server that falls silent, and only then?";
export const load = 0.4;
export const seconds = 22;
const HEALTHY_S = 10;
const TIMEOUT_MS = 1000;
/** Requests judged within the last 10 s count: of 10 s, 2 must be without answers before a fifth is, and each takes its time-out. */
const WITHIN_MS = 7000;

export async function run(room) {
  const host = room.host();
  const server = await host.server("server", {});
  const report = room.path("report.json");
  const capture = await startCapture(host, [
    ...["capture", "-i", "lo", "-w", room.path("ring"), "--until", "unanswered > 20%", "--until", "half-closed > 100"],
    ...["--format", "json", "-o", report],
  ]);
  host.traffic("client", { perSecond: 20, seconds: 25, timeoutMs: TIMEOUT_MS });
  await sleep(HEALTHY_S * 1000);
  if (!room.hold(capture.end === null, `${HEALTHY_S} s of healthy traffic stopped it: ${capture.stderr.slice(-300)}`))
    return;
  const silentFrom = Date.now();
  server.signal("SIGUSR2");
  const end = await capture.within(15_000);
  if (!room.hold(end !== null, "it did not stop")) return;
  room.hold(end.code === 0, `exit ${end.code}: ${capture.stderr.slice(-300)}`);
  const took = end.at - silentFrom;
  room.figure("healthy traffic without a stop", `${HEALTHY_S} s`);
  room.figure(
    "it ended after the server fell silent",
    `${(took / 1000).toFixed(2)} s (the client gives up after ${TIMEOUT_MS} ms)`,
  );
  room.hold(took >= TIMEOUT_MS && took < WITHIN_MS, `it took ${took} ms`);
  const { totals, findings } = readReport(report);
  room.figure("unanswered in the report, of", `${totals.unanswered}, ${totals.requests}`);
  room.hold(totals.unanswered > 0, "the report has no unanswered request");
  room.hold(
    findings.some(({ analysis }) => analysis === "unanswered-requests"),
    `findings: ${findings.map((f) => f.id).join(", ")}`,
  );
  room.hold(/unanswered/.test(capture.stderr), "it does not say which condition held");
  room.hold(filesIn(room.path("ring")).length > 0, "no file is kept");
}
