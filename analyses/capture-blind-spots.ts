// What can this capture not show?

import type { Analysis, FoundFinding, Metrics } from "../src/core/analysis.ts";
import { Sign } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { cite, plural } from "./grouping.ts";
import { TOO_SHORT_NS } from "./half-closed-connections.ts";

const CITED_FLOWS = 3;

export const captureBlindSpots: Analysis = {
  id: "capture-blind-spots",
  title: "Blind spots of the capture",
  question: "What can this capture not show?",
  why:
    "A hole in a capture must never read as a clean bill of health. " +
    "Half of an incident's days are lost to captures of the wrong interface, of one direction, or begun too late.",
  run(view) {
    const { quality } = view;
    const oneDirection: number[] = [];
    const midway: number[] = [];
    const gaps: number[] = [];
    const lateFins: number[] = [];
    const counts = { oneDirection: 0, midway: 0, gaps: 0, lateFins: 0, missing: 0 };
    const keep = (list: number[], id: number): void => {
      if (list.length < CITED_FLOWS) list.push(id);
    };
    for (const flow of view.flows(Sign.partial | Sign.hindered | Sign.roughClose)) {
      if (flow.oneDirection) {
        counts.oneDirection++;
        keep(oneDirection, flow.id);
      }
      if (flow.handshake === "none") {
        counts.midway++;
        keep(midway, flow.id);
      }
      if (flow.hasGaps) {
        counts.gaps++;
        counts.missing += flow.client.missing + flow.server.missing;
        keep(gaps, flow.id);
      }
      for (const end of [flow.client, flow.server]) {
        if (end.fin !== null && end.finAcked === null && view.lastTime - end.fin.time < TOO_SHORT_NS) {
          counts.lateFins++;
          keep(lateFins, flow.id);
        }
      }
    }
    const findings: FoundFinding[] = [];
    const spot = (
      kind: string,
      count: number,
      title: string,
      summary: string,
      advice: string,
      flows: number[] = [],
      metrics: Metrics = {},
    ): void => {
      findings.push({
        severity: "info",
        title,
        summary,
        subject: { holder: { address: "capture" }, peer: null },
        count,
        onset: null,
        metrics: { kind, ...metrics },
        evidence: flows.map((id) => cite(id, view.row(id).first.frame)),
        advice: [advice],
      });
    };

    if (view.flowCount === 0) {
      const others = [...quality.others].sort((a, b) => b[1] - a[1]).slice(0, 5);
      spot(
        "no-tcp",
        quality.packets,
        "There is no TCP in this capture",
        `None of its ${plural(quality.packets, "packet")} is TCP that can be read${others.length > 0 ? ` (it holds ${others.map(([n, c]) => `${formatWhole(c)} ${n}`).join(", ")})` : ""}.`,
        "Check the interface and the filter: traffic to a sidecar on the same host is on lo. Try: tcpdump -i any -w incident.pcap tcp",
      );
    }
    if (counts.oneDirection > 0) {
      spot(
        "one-direction",
        counts.oneDirection,
        `${plural(counts.oneDirection, "connection")} show one direction only`,
        "The other direction passed somewhere else (asymmetric routing, a redirect on the host, the wrong interface). Whether its requests were answered cannot be told.",
        "Capture on the host itself with tcpdump -i any, not on a mirror port of one link.",
        oneDirection,
      );
    }
    if (counts.midway > 0) {
      spot(
        "joined-midway",
        counts.midway,
        `${plural(counts.midway, "connection")} began before the capture`,
        "Their handshake is missing, so who is the client may be a guess, and what was asked before is not known.",
        "Start the capture before the load, or restart one client under capture.",
        midway,
      );
    }
    if (counts.gaps > 0) {
      spot(
        "missing-bytes",
        counts.gaps,
        `Bytes are missing on ${plural(counts.gaps, "connection")}`,
        `${formatWhole(counts.missing)} payload bytes were acknowledged or passed over but are not in the capture: the capture lost packets, not the network. Exchanges in such a gap are counted as unknown.`,
        "Capture with a larger buffer (tcpdump -B 65536) or a filter.",
        gaps,
        { missing_bytes: counts.missing },
      );
    }
    if (quality.dropped !== null && quality.dropped > 0) {
      spot(
        "dropped",
        quality.dropped,
        `${plural(quality.dropped, "packet")} dropped while capturing`,
        "The file's own statistics say that the machine could not keep up.",
        "Capture with a larger buffer (tcpdump -B 65536), a filter, or a smaller snap length.",
      );
    }
    if (quality.snapped > 0) {
      spot(
        "snap-length",
        quality.snapped,
        `${plural(quality.snapped, "packet")} cut by the snap length`,
        "Only their beginning was captured. Connections and times are exact; a request or response whose head was cut is counted as far as it can be read.",
        "Capture whole packets: tcpdump -s 0 (the default since 2009).",
      );
    }
    if (counts.lateFins > 0) {
      spot(
        "ended-too-soon",
        counts.lateFins,
        `The capture ended within 200 ms of ${plural(counts.lateFins, "FIN")}`,
        "Whether the other side would have acknowledged and closed cannot be told.",
        "Stop the load, wait a few seconds, then stop the capture.",
        lateFins,
      );
    }
    if (quality.malformed + quality.truncated > 0) {
      spot(
        "undecodable",
        quality.malformed + quality.truncated,
        `${plural(quality.malformed + quality.truncated, "packet")} could not be decoded to TCP`,
        `${plural(quality.malformed, "packet")} contradict their own length fields, ${formatWhole(quality.truncated)} are cut before the TCP header ends.`,
        "Look at them in Wireshark: _ws.malformed || frame.cap_len < frame.len",
      );
    }
    if (quality.badChecksums > 0) {
      spot(
        "bad-checksums",
        quality.badChecksums,
        `${plural(quality.badChecksums, "segment")} left out for a wrong checksum`,
        "They were left out because checksums were asked for. On the sending host wrong checksums are normal: the card fills them in after the capture.",
        "Run without --verify-checksums unless the capture comes from the receiving host.",
      );
    }
    if (quality.damagedFiles > 0) {
      spot(
        "damaged-file",
        quality.damagedFiles,
        `${plural(quality.damagedFiles, "capture file is", "capture files are")} damaged or cut short`,
        "What comes before the damage was analysed; what comes after is not known.",
        "Copy the file again, or stop tcpdump with SIGINT so that it ends its last record.",
      );
    }
    if (findings.length > 0) return { kind: "found", findings };
    return { kind: "clear", because: "both directions, every handshake and every byte of its connections are there" };
  },
};
