// SIGINT and SIGTERM right behind the last packet: is that packet kept, is the file whole, is there a report?

import { filesIn, startCapture } from "../program.mjs";
import { comparePackets, interfaceStatistics, readAllByTshark, watchWire } from "../truth.mjs";

export const question = "do SIGINT and SIGTERM end with valid files, the last packets and a report?";
export const load = 0.5;
export const seconds = 30;
/** libpcap counts what the kernel dropped; npm's cap has no way to ask it. */
const TELLS_DROPS = ["dumpcap", "tcpdump"];

export async function run(room, engines) {
  const host = room.host();
  await host.server("server", {});
  for (const engine of engines) {
    for (const signal of engine === engines[0] ? ["SIGINT", "SIGTERM"] : ["SIGINT"]) {
      const name = `${engine}, ${signal}`;
      const folder = room.path(`${engine}-${signal}`);
      const truth = await watchWire(host, "lo", room.path(`${engine}-${signal}.pcap`));
      const capture = await startCapture(host, ["capture", "-i", "lo", "-w", folder, "--engine", engine]);
      const client = host.traffic("client", { perSecond: 250, seconds: 2 });
      // Its last line is printed when the last answer is there; the last connection's FIN may still be on its way.
      await client.said(/^\{/, 15_000);
      const signalledAt = Date.now();
      capture.signal(signal);
      const end = await capture.within(15_000);
      await truth.stop();
      const files = filesIn(folder);
      const [ours, all] = await Promise.all([readAllByTshark(files), readAllByTshark([truth.file])]);
      const wire = all.packets.filter(({ time }) => Number(time / 1_000_000n) <= signalledAt);
      const upTo = ours.packets.filter(({ time }) => Number(time / 1_000_000n) <= signalledAt || engine === "cap");
      const found = comparePackets(upTo, wire);
      room.figure(
        `${name}: exit, after; packets before the signal, kept`,
        `${end?.code}, ${end ? end.at - signalledAt : "-"} ms; ${wire.length}, ${found.same}`,
      );
      room.hold(end?.code === 0, `${name}: exit ${end?.code}: ${capture.stderr.slice(-300)}`);
      room.hold(found.missing === 0, `${name}: the last ${found.missing} packets before the signal are missing`);
      room.hold(ours.complaints.length === 0, `${name}: tshark: ${ours.complaints.join("; ")}`);
      room.hold(
        capture.stdout.includes("500 requests"),
        `${name}: no report, or not of 500 requests: ${capture.stdout.slice(0, 300)}`,
      );
      const statistics = interfaceStatistics(files.at(-1));
      const said = statistics.map(({ received, dropped }) => `received ${received}, dropped ${dropped}`).join("; ");
      room.figure(`${name}: interface statistics`, said || "none");
      const dropped = TELLS_DROPS.includes(engine) ? 0n : null;
      room.hold(
        statistics.length === 1 && statistics[0].dropped === dropped,
        `${name}: interface statistics: ${said || "none"}`,
      );
    }
  }
}
