// Packets of HTTP requests on the loopback interface and on a wire: does each engine keep exactly what tcpdump keeps?

import { filesIn, readReport, startCapture } from "../program.mjs";
import { sleep } from "../room.mjs";
import { comparePackets, readAllByTshark, stampLags, watchWire } from "../truth.mjs";

export const question = "are the packets kept those that tcpdump keeps?";
export const load = "alone";
const REQUESTS = 2000;
/** The kernel stamps each packet once for each tap, one after the other; npm's cap stamps when the event loop is there. */
const KERNEL_STAMPED = ["dumpcap", "tcpdump"];
/** As fast as it goes; for cap, whose buffer has room for some 490 packets, evenly in time. */
const TRAFFIC = (engine, host) =>
  engine === "cap"
    ? { host, perSecond: 50, seconds: REQUESTS / 400 }
    : { host, requests: REQUESTS, atOnce: 20, perConnection: 3 };
const KERNEL_APART_MS = 0.05;

export async function run(room, engines) {
  const lone = room.host("lo");
  await lone.server("server", { host: "127.0.0.1" });
  const [asking, serving] = room.pair();
  await serving.server("server", { host: "192.0.2.2" });
  for (const engine of engines) {
    await compare(room, engine, lone, "lo", "127.0.0.1");
    await compare(room, engine, asking, "v0", "192.0.2.2");
  }
}

async function compare(room, engine, host, iface, address) {
  const name = `${engine} on ${iface}`;
  const folder = room.path(`${engine}-${iface}`);
  const truth = await watchWire(host, iface, room.path(`${engine}-${iface}.pcap`));
  const report = room.path(`${engine}-${iface}.json`);
  const args = ["capture", "-i", iface, "-w", folder, "--engine", engine, "--format", "json", "-o", report];
  const capture = await startCapture(host, args);
  const client = host.traffic("client", TRAFFIC(engine, address));
  await client.within(30_000);
  await sleep(200);
  capture.signal("SIGINT");
  const end = await capture.within(20_000);
  await truth.stop();
  if (!room.hold(end?.code === 0, `${name}: exit ${end?.code ?? "none"}: ${capture.stderr.slice(-300)}`)) return;

  const files = filesIn(folder);
  const [ours, wire] = await Promise.all([readAllByTshark(files), readAllByTshark([truth.file])]);
  const found = comparePackets(ours.packets, wire.packets);
  const { totals } = readReport(report);
  const requests = engine === "cap" ? REQUESTS / 8 : REQUESTS;
  room.figure(`${name}: tcpdump's packets, the same in ours`, `${found.packets}, ${found.same}`);
  room.figure(`${name}: in another place by the taps' own order`, found.swapped);
  room.hold(found.packets > requests, `${name}: only ${found.packets} packets of traffic`);
  room.hold(found.missing === 0 && found.extra === 0, `${name}: ${found.missing} missing, ${found.extra} too many`);
  room.hold(ours.complaints.length === 0, `${name}: tshark: ${ours.complaints.join("; ")}`);
  room.hold(
    totals.packets === found.packets,
    `${name}: the report counts ${totals.packets} packets, ${found.packets} were there`,
  );
  room.hold(totals.requests === requests, `${name}: ${totals.requests} requests, ${requests} were sent`);
  room.hold(totals.answered === requests, `${name}: ${totals.answered} answered`);
  const lags = stampLags(ours.packets, wire.packets);
  const at = (share) => lags[Math.floor(share * (lags.length - 1))] / 1e6;
  const said = [0.5, 0.99, 1].map((share) => `${at(share).toFixed(4)} ms`).join(", ");
  room.figure(`${name}: time stamps apart (median, 99 %, most)`, said);
  const isKernel = KERNEL_STAMPED.includes(engine);
  room.hold(!isKernel || at(0.99) <= KERNEL_APART_MS, `${name}: these are not the kernel's time stamps: ${said} apart`);
}
