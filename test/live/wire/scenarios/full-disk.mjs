// A disk of 3 MB under a ring of 1 GB: are the files readable, and is it said?

import { filesIn, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";
import { readAllByTshark } from "../truth.mjs";

export const question = "does a full disk leave readable files, a message and exit code 3?";
export const load = 0.4;
export const seconds = 8;
const EXIT_FULL = 3;
const DISK_BYTES = 3_000_000;

export async function run(room) {
  const host = room.host();
  await host.server("server", {});
  // With small files the oldest could go to make room; with one large file nothing can.
  for (const [name, fileSize] of [
    ["files of 64 MB", "64MB"],
    ["files of 500 kB", "500kB"],
  ]) {
    const disk = room.disk(fileSize, DISK_BYTES);
    const capture = await startCapture(host, ["capture", "-i", "lo", "-w", disk, "--file-size", fileSize]);
    const client = host.traffic("client", { requests: 400, atOnce: 4, path: "/bytes/20000" });
    await client.within(20_000);
    await sleep(1500);
    room.hold(capture.end === null, `${name}: it ended by itself: ${capture.stderr.slice(-300)}`);
    const saidAtOnce = capture.lines.find(({ text }) => /the disk is full/.test(text));
    capture.signal("SIGINT");
    const end = await capture.within(15_000);
    const files = filesIn(disk);
    const read = await readAllByTshark(files);
    room.figure(`${name}: exit code, files, packets in them`, `${end?.code}, ${files.length}, ${read.packets.length}`);
    room.figure(`${name}: it says`, (saidAtOnce?.text ?? "nothing").trim().slice(0, 160));
    room.hold(read.complaints.length === 0, `${name}: tshark: ${read.complaints.join("; ")}`);
    room.hold(
      files.length > 0 && read.packets.length > 100,
      `${name}: ${files.length} files with ${read.packets.length} packets`,
    );
    room.hold(!/^ +at |internal error/m.test(capture.stderr), `${name}: ${capture.stderr.slice(-400)}`);
    if (fileSize === "64MB") {
      room.hold(saidAtOnce !== undefined, `${name}: nothing is said while it runs`);
      room.hold(end?.code === EXIT_FULL, `${name}: exit ${end?.code}`);
    } else {
      room.hold(/older files .* made room/.test(capture.stderr), `${name}: it does not say that older files went`);
    }
  }
}
