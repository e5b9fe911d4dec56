// 5,000 packets a second (500 for npm's cap), which a busy machine of two processors holds: is none lost? (bench/live/rate.mjs looks for the limit.)

import { filesIn, readReport, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";
import { countPackets } from "../truth.mjs";

export const question = "is nothing lost at 5,000 packets a second?";
export const load = "alone";
const RATE = 5000;
/** npm's cap gives each packet a slot as large as any packet may be: some 490 have room, and a busy machine stands still for tenths of a second. */
const CAP_RATE = 500;
const SECONDS = 6;

export async function run(room, engines) {
  const host = room.host();
  for (const engine of engines) {
    const rate = engine === "cap" ? CAP_RATE : RATE;
    const folder = room.path(engine);
    const report = room.path(`${engine}.json`);
    const args = ["capture", "-i", "lo", "-w", folder, "--engine", engine, "--format", "json", "-o", report];
    const capture = await startCapture(host, args);
    const sender = host.start([
      "python3",
      `${import.meta.dirname}/../traffic/sender.py`,
      "lo",
      String(rate),
      String(SECONDS),
    ]);
    await sender.within(60_000);
    await sleep(200);
    capture.signal("SIGINT");
    const end = await capture.within(30_000);
    if (!room.hold(end?.code === 0, `${engine}: exit ${end?.code ?? "none"}: ${capture.stderr.slice(-300)}`)) continue;
    const { sent, seconds } = JSON.parse(sender.stdout.trim().split("\n").at(-1));
    const kept = countPackets(filesIn(folder));
    const { totals } = readReport(report);
    room.figure(`${engine}: sent, kept, in the report`, `${sent} in ${seconds} s, ${kept}, ${totals.packets}`);
    room.hold(sent === rate * SECONDS, `${engine}: the sender managed ${sent}`);
    room.hold(kept === sent, `${engine}: ${sent - kept} of ${sent} lost`);
    room.hold(totals.packets === sent, `${engine}: the report counts ${totals.packets}`);
    // npm's cap has no way to ask the kernel, and that is said too.
    const said = /\d+ dropped by the kernel|does not say how many the kernel dropped/.exec(capture.stderr)?.[0];
    room.hold(
      engine === "cap" || said === "0 dropped by the kernel",
      `${engine}: it says of drops: ${said ?? "nothing"}`,
    );
  }
}
