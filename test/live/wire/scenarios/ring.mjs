// A ring of small files: does the folder stay below its limit at every look, and is what it keeps the end of what was on the wire?

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { filesIn, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";
import { comparePackets, readAllByTshark, watchWire } from "../truth.mjs";

export const question = "does the ring keep its limit, and the end of what was on the wire?";
export const load = 0.5;
export const seconds = 12;
const KEEP_BYTES = 1_000_000;
const LOOK_MS = 5;

export async function run(room) {
  const host = room.host();
  await host.server("server", {});
  const folder = room.path("ring");
  const truth = await watchWire(host, "lo", room.path("truth.pcap"));
  const capture = await startCapture(host, [
    "capture",
    "-i",
    "lo",
    "-w",
    folder,
    "--file-size",
    "100kB",
    "--keep-size",
    "1MB",
  ]);
  let [most, looks] = [0, 0];
  const look = setInterval(() => {
    most = Math.max(most, sizeOf(folder));
    looks++;
  }, LOOK_MS);
  await host.traffic("client", { perSecond: 400, seconds: 6, path: "/bytes/1000" }).within(15_000);
  await sleep(200);
  capture.signal("SIGINT");
  const end = await capture.within(15_000);
  clearInterval(look);
  await truth.stop();
  if (!room.hold(end?.code === 0, `exit ${end?.code}: ${capture.stderr.slice(-300)}`)) return;

  const files = filesIn(folder);
  const [ours, all] = await Promise.all([readAllByTshark(files), readAllByTshark([truth.file])]);
  const tail = all.packets.slice(-ours.packets.length);
  const found = comparePackets(ours.packets, tail);
  room.figure(
    "on the wire; kept, the same as the end of tcpdump's",
    `${all.packets.length}; ${ours.packets.length}, ${found.same}`,
  );
  room.figure(`most bytes in the folder, of ${KEEP_BYTES}, in looks`, `${most}, ${looks}`);
  room.figure("files kept, from", `${files.length}, ${files[0]?.split("/").at(-1)}`);
  room.hold(most <= KEEP_BYTES, `the folder held ${most} bytes`);
  room.hold(most > KEEP_BYTES * 0.7, `the folder never held more than ${most} bytes: what it may keep it should`);
  room.hold(
    found.missing === 0 && found.extra === 0,
    `${found.missing} missing and ${found.extra} too many at the end`,
  );
  room.hold(ours.packets.length < all.packets.length / 2, "nothing was given up: this proves nothing");
  room.hold(ours.complaints.length === 0, `tshark: ${ours.complaints.join("; ")}`);
}

function sizeOf(folder) {
  let sum = 0;
  try {
    for (const name of readdirSync(folder)) {
      // A file that goes between the two is no longer there.
      sum += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    }
  } catch {
    // The folder is made when the capture begins.
  }
  return sum;
}
