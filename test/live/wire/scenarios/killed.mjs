// kill -9 in the middle: are the files readable, and is the engine gone?

import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { filesIn, readReport, runHalfclose, startCapture } from "../program.mjs";
import { sleep, until } from "../room.mjs";
import { readAllByTshark } from "../truth.mjs";

export const question = "does kill -9 leave readable files and no engine?";
export const load = 0.4;
export const seconds = 16;
const GONE_WITHIN_MS = 1000;

export async function run(room, engines) {
  const host = room.host();
  await host.server("server", {});
  for (const engine of engines) {
    const folder = room.path(engine);
    const others = new Set(host.pids());
    const capture = await startCapture(host, [
      "capture",
      "-i",
      "lo",
      "-w",
      folder,
      "--engine",
      engine,
      "--file-size",
      "200kB",
    ]);
    const client = host.traffic("client", { perSecond: 200, seconds: 4 });
    await sleep(2500);
    const before = host.pids().filter((pid) => !others.has(pid) && pid !== client.pid && pid !== capture.pid);
    const killedAt = Date.now();
    capture.signal("SIGKILL");
    const left = () => host.pids().filter((pid) => before.includes(pid));
    await until(() => left().length === 0, 5000);
    const gone = Date.now() - killedAt;
    room.figure(`${engine}: processes beside it, gone after`, `${before.length}, ${gone} ms`);
    room.hold(
      left().length === 0 && gone <= GONE_WITHIN_MS,
      `${engine}: after ${gone} ms there are still ${left().join(", ") || "none"}`,
    );
    await client.within(10_000);
    const files = filesIn(folder);
    const read = await readAllByTshark(files);
    const last = read.packets.length === 0 ? 0 : Number(read.packets.at(-1).time / 1_000_000n);
    room.figure(
      `${engine}: files, packets, the last one before the kill`,
      `${files.length}, ${read.packets.length}, ${killedAt - last} ms`,
    );
    room.hold(
      files.length > 1 && read.packets.length > 1000,
      `${engine}: ${files.length} files with ${read.packets.length} packets`,
    );
    room.hold(read.complaints.length === 0, `${engine}: tshark: ${read.complaints.join("; ")}`);
    room.hold(killedAt - last < 2500, `${engine}: the last ${killedAt - last} ms are missing`);
    const report = room.path(`${engine}.json`);
    const again = await runHalfclose(host, ["analyze", ...files, "--format", "json", "-o", report], 20_000);
    room.hold(again.end.code === 0, `${engine}: analyze: exit ${again.end.code}: ${again.stderr.slice(-300)}`);
    const { captures } = readReport(report);
    const problems = captures.flatMap((c) => c.problems);
    room.hold(problems.length === 0, `${engine}: analyze: ${JSON.stringify(problems).slice(0, 300)}`);
  }
  await watchKilled(room, host);
}

/** watch without -w keeps its ring in a temporary folder: gone after SIGTERM; after kill -9 nobody is left to remove it. */
async function watchKilled(room, host) {
  const TMPDIR = room.folder;
  const mine = () => readdirSync(TMPDIR).filter((name) => name.startsWith("halfclose"));
  room.hold(mine().length === 0, `there is something already: ${mine().join(", ")} (below ${tmpdir()})`);
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    const watch = await startCapture(host, ["watch", "-i", "lo", "--every", "2s"], { env: { ...process.env, TMPDIR } });
    await host.traffic("client", { perSecond: 50, seconds: 2 }).within(8000);
    const during = mine();
    watch.signal(signal);
    const end = await watch.within(10_000);
    room.figure(`watch, ${signal}: its folder during, after`, `${during.length}, ${mine().length}`);
    room.hold(during.length > 0, `watch: no temporary folder in TMPDIR`);
    if (signal === "SIGTERM") {
      room.hold(mine().length === 0, `watch: after SIGTERM there is still ${mine().join(", ")}`);
      room.hold(end?.code === 0, `watch: exit ${end?.code} after SIGTERM: ${watch.stderr.slice(-300)}`);
    }
  }
}
