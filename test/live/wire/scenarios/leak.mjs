// A client that from the third second on does not close what its server has closed: does --until stop in time, with the moment kept?

import { filesIn, readReport, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";
import { readAllByTshark, watchSockets } from "../truth.mjs";

export const question = "does --until 'half-closed > 100' catch a leak as it begins?";
export const load = 0.4;
export const seconds = 18;
const PER_SECOND = 20;
const HEALTHY_S = 3;
const LIMIT = 100;
/** A connection counts as half-closed when it has been held for a second. */
const HELD_MS = 1000;
const IN_TIME_MS = 2000;

export async function run(room) {
  const host = room.host();
  await host.server("server", {});
  const folder = room.path("ring");
  const report = room.path("report.json");
  const sockets = watchSockets(host, 50);
  const capture = await startCapture(host, [
    ...["capture", "-i", "lo", "-w", folder, "--until", `half-closed > ${LIMIT}`, "--sockets", "1s"],
    ...["--format", "json", "-o", report],
  ]);
  const client = host.traffic("client", { perSecond: PER_SECOND, seconds: 14, leakAfterS: HEALTHY_S });
  const end = await capture.within(25_000);
  await sleep(100);
  const shown = sockets.stop();
  if (!room.hold(end !== null, "it did not stop")) return;
  room.hold(end.code === 0, `exit ${end.code}: ${capture.stderr.slice(-300)}`);

  const began = client.lines.find(({ text }) => text === "leaking")?.at;
  const reached = shown.find(({ states }) => (states.get("CLOSE-WAIT") ?? 0) > LIMIT);
  if (!room.hold(began !== undefined && end.at > began, "it stopped before the leak began")) return;
  if (!room.hold(reached !== undefined, "it stopped before ss showed that many")) return;
  const kept = await readAllByTshark(filesIn(folder));
  const firstKept = Number(kept.packets[0].time / 1_000_000n);
  const lastKept = Number(kept.packets.at(-1).time / 1_000_000n);
  const after = (ms) => `${((ms - reached.at) / 1000).toFixed(2)} s`;
  room.figure(
    `ss shows more than ${LIMIT} CLOSE_WAIT, after the leak began`,
    `${((reached.at - began) / 1000).toFixed(2)} s`,
  );
  room.figure("the last packet kept, after that", after(lastKept));
  room.figure("the program ended, with its report, after that", after(end.at));
  room.hold(lastKept - reached.at >= 0, `the moment is not kept: the last packet is ${after(lastKept)} after it`);
  room.hold(lastKept - reached.at <= HELD_MS + IN_TIME_MS, `it went on for ${after(lastKept)} after ss showed it`);
  room.hold(firstKept < began, "what was before the leak is not kept");
  room.hold(kept.complaints.length === 0, `tshark: ${kept.complaints.join("; ")}`);
  room.hold(/half-closed/.test(capture.stderr), "it does not say which condition held");

  const finding = readReport(report).findings.find(({ analysis }) => analysis === "half-closed-connections");
  if (!room.hold(finding !== undefined, "the report has no finding of half-closed connections")) return;
  const held = shown.findLast(({ at }) => at <= lastKept)?.states.get("CLOSE-WAIT") ?? 0;
  room.figure(
    "held half-closed by the report; CLOSE_WAIT by ss at the last packet",
    `${finding.metrics.still_held}; ${held}`,
  );
  room.figure("the report says", finding.title);
  room.hold(finding.subject.peer.port === 8080, `the peer is said to be ${JSON.stringify(finding.subject.peer)}`);
  room.hold(
    finding.subject.holder.address === "127.0.0.1",
    `the holder is said to be ${JSON.stringify(finding.subject.holder)}`,
  );
  // What was half-closed in the last second has not been held for a second.
  const settled = held - PER_SECOND * 1.5;
  room.hold(
    finding.count > LIMIT && finding.count >= settled && finding.count <= held,
    `${finding.count} counted, ${held} by ss`,
  );
  const named = JSON.stringify(readReport(report)).includes(String(client.pid));
  room.hold(named, `the report does not name process ${client.pid}, which holds them`);
}
