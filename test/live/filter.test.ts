// Does the default filter let through whatever the decoders bring down to TCP? tcpdump itself applies it, without any right.

import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { fileHeader } from "../../src/capture/live/cap-records.ts";
import { DEFAULT_FILTERS, defaultFilter } from "../../src/capture/live/filter.ts";
import { concat, Writer } from "../capture/build.ts";
import { SAMPLES } from "../decoders/packet-samples.ts";
import { installed } from "./installed.ts";

const FILE_HEADER = 24;

/** Whether the packet passes; null when the filter cannot be said for the link type. */
function passes(filter: string, linkType: number, bytes: Uint8Array): boolean | null {
  const header = new Writer(true).u32(0).u32(0).u32(bytes.length).u32(bytes.length).bytes;
  const input = concat(fileHeader(linkType, 262_144), header, bytes);
  const { status, stdout } = spawnSync("tcpdump", ["-r", "-", "-w", "-", "--", filter], { input });
  return status === 0 ? stdout.length > FILE_HEADER : null;
}

/** Frames as no network sends them today (`--filter` takes them); on the loopback, address families of other systems than this one. */
const LEFT_OUT: Record<number, readonly string[]> = {
  0: [
    "NULL, big-endian",
    "NULL, AF_INET6 of macOS",
    "NULL, AF_INET6 of Linux",
    "NULL, AF_INET6 of Windows",
    "NULL, an EtherType",
    "NULL, PPP",
  ],
  1: ["ethernet, IPv6 under IPv4's type", "802.1Q, length, LLC, SNAP", "802.3, LLC, SNAP", "802.3, LLC with IP's SAP"],
  113: ["SLL, LLC"],
};

describe.skipIf(!installed("tcpdump"))("the default filter (needs tcpdump)", () => {
  test.each([
    [1, "Ethernet", 0, 40],
    [113, "Linux cooked", 1, 1],
    [276, "Linux cooked v2", 1, 1],
    [0, "BSD loopback", 1, 1],
    [101, "raw IP", 1, 1],
  ])("link type %i, %s: filter %i", (linkType, _name, wanted, least) => {
    const samples = SAMPLES.filter((sample) => sample.linkType === linkType);
    const inForce = DEFAULT_FILTERS.findIndex(({ filter }) => passes(filter, linkType, samples[0].bytes) !== null);
    expect(inForce).toBe(wanted);
    const { filter } = DEFAULT_FILTERS[inForce];
    const stopped = samples.filter(({ bytes }) => passes(filter, linkType, bytes) === false).map(({ name }) => name);
    expect(stopped).toEqual(LEFT_OUT[linkType] ?? []);
    expect(samples.length).toBeGreaterThanOrEqual(least);
  });

  test("leaves out what the analysis has no use for", () => {
    const dns = SAMPLES.find(({ name }) => name === "ethernet, IPv4")!.bytes.slice();
    dns[14 + 9] = 17;
    expect(passes(defaultFilter(), 1, dns)).toBe(false);
  });
});
