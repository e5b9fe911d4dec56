// Does the topology of a sample hold what its services and its client counted (truth.json)?

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { investigate } from "../../src/investigate.ts";
import { topologyPicture } from "../../src/pictures/topology.ts";

const path = (sample: string, file: string): string =>
  new URL(`../../samples/${sample}/${file}`, import.meta.url).pathname;
const truthOf = (sample: string) => JSON.parse(readFileSync(path(sample, "truth.json"), "utf8"));

async function pictureOf(capture: string) {
  const from = await investigate([capture]);
  try {
    const { picture } = topologyPicture(from.view, { report: from.report });
    if (picture === null) throw new Error("no picture");
    return picture;
  } finally {
    await from.close();
  }
}

test("leaked-pool: the calls as the services counted them, the cause where the pool leaked", async () => {
  const { nodes, edges } = await pictureOf(path("leaked-pool", "capture.pcap.gz"));
  const [sidecar, service] = truthOf("leaked-pool").services;
  const find = (name: string) => nodes.findIndex((n) => n.name === name);
  const between = (from: string, to: string) => edges.find((e) => e.from === find(from) && e.to === find(to));
  expect(nodes[find("127.0.0.1:8280")]!.outcomes).toMatchObject({
    answered: service.answered,
    unanswered: service.unanswered,
  });
  expect(nodes[find("127.0.0.1:8080")]!.outcomes).toMatchObject({ answered: sidecar.answered, unanswered: 0 });
  // The probe is answered always: all that is unanswered, the sidecar asked. 247 requests, 27 of them probes (README).
  expect(between("127.0.0.1:8080", "127.0.0.1:8280")).toMatchObject({
    requests: 220,
    unanswered: 130,
    basis: "request ids",
  });
  expect(between("127.0.0.1", "127.0.0.1:8280")).toMatchObject({ requests: 27, unanswered: 0, basis: null });
  expect(between("127.0.0.1", "127.0.0.1:8080")).toMatchObject({ requests: 220, unanswered: 0 });
  expect(between("127.0.0.1:8280", "127.0.0.1:3307")).toMatchObject({ requests: 100 });
  const causes = nodes.filter((n) => n.faults.some((f) => f.isCause));
  expect(causes.map((n) => n.name)).toEqual(["127.0.0.1:8280"]);
});

test("refused-and-unanswered: services nobody could ask are there, by their connections", async () => {
  const { nodes, edges } = await pictureOf(path("refused-and-unanswered", "capture.pcap"));
  const { connections } = truthOf("refused-and-unanswered") as {
    connections: { ending: string; server: { address: string; port: number } }[];
  };
  const refused = connections.filter((c) => c.ending === "refused" && c.server.address === "192.0.2.2").length;
  const at = nodes.findIndex((n) => n.name === "192.0.2.2:8099");
  expect(edges.filter((e) => e.to === at)).toMatchObject([{ requests: 0, connections: refused, unanswered: null }]);
  expect(nodes[at]!.faults[0]!.text).toContain("refused 3 connection attempts");
  // Late answers: three connections to port 8012 (README).
  const late = nodes.findIndex((n) => n.name === "192.0.2.2:8012");
  expect(edges.find((e) => e.to === late)).toMatchObject({ late: 3 });
});

test("healthy-upstream: nothing is marked", async () => {
  const { nodes, edges } = await pictureOf(path("healthy-upstream", "capture.pcap.gz"));
  expect(nodes.flatMap((n) => n.faults)).toEqual([]);
  expect(edges.every((e) => (e.unanswered ?? 0) === 0 && (e.late ?? 0) === 0)).toBe(true);
});
