// 500 short connections a second for a minute: does memory stay as it is once the first twenty seconds are over?

import { filesIn, residentKb, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";

export const question = "does memory stay flat over a minute of 500 connections a second?";
export const load = 0.7;
export const seconds = 72;
const LASTS_S = 60;
const SETTLED_S = 20;
/** Connections are known for as long as their TIME_WAIT lasts, a minute: until then it may grow by a little for each. */
const GROWTH = 1.5;

export async function run(room) {
  const host = room.host();
  // In a minute of TIME_WAIT the default range is used up.
  host.sysctl({ ip_local_port_range: "1024 65000" });
  await host.server("server", { port: 80 });
  const folder = room.path("ring");
  const capture = await startCapture(host, [
    ...["capture", "-i", "lo", "-w", folder, "--file-size", "4MB", "--keep-size", "20MB", "--no-report"],
  ]);
  const client = host.traffic("client", { port: 80, perSecond: 500, seconds: LASTS_S });
  const resident = [];
  for (let second = 0; second < LASTS_S; second++) {
    await sleep(1000);
    resident.push(residentKb(capture.pid));
  }
  await client.within(15_000);
  capture.signal("SIGINT");
  const end = await capture.within(15_000);
  room.hold(end?.code === 0, `exit ${end?.code}: ${capture.stderr.slice(-300)}`);
  const highest = (from, to) => Math.max(...resident.slice(from, to));
  const [early, late] = [highest(SETTLED_S - 10, SETTLED_S + 5), highest(LASTS_S - 15, LASTS_S)];
  const mb = (kb) => (kb / 1024).toFixed(0);
  const at = [1, 10, 20, 30, 40, 50, 60].map((second) => `${mb(resident[second - 1])} MB at ${second} s`);
  room.figure("resident memory", at.join(", "));
  room.figure(
    "highest around 20 s, in the last 15 s",
    `${mb(early)} MB, ${mb(late)} MB (${(late / early).toFixed(2)} ×)`,
  );
  room.figure("the client's requests", client.stdout.trim().split("\n").at(-1));
  room.figure("files kept", filesIn(folder).length);
  room.hold(late <= early * GROWTH, `it grew from ${mb(early)} MB to ${mb(late)} MB`);
}
