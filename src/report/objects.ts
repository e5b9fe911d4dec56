// How do a flow and an exchange look to other programs? The objects of DESIGN.md §4, from the view's rows.

import type { Evidence, LineEvidence } from "../core/analysis.ts";
import { type CaptureClock, type Nanos, toSeconds } from "../core/clock.ts";
import type { Durations, EndRow, FlowRow, ServiceTally } from "../core/flow-view.ts";
import { type FrameRef, fileOf, frameOf } from "../core/frame.ts";
import type {
  PerSide,
  Report,
  ReportExchange,
  ReportFlow,
  ReportLineEvidence,
  ReportLink,
  ReportPacketEvidence,
} from "../core/report.ts";
import { stateAt } from "../core/state-at.ts";
import type { Exchange } from "../core/stream-decoder.ts";

/** Names of the capture files; with more than one, objects say which file a frame number belongs to. */
export type FileNames = readonly string[];

const perSide = <T>(flow: FlowRow, of: (end: EndRow) => T): PerSide<T> => ({
  client: of(flow.client),
  server: of(flow.server),
});

const fileField = (files: FileNames, ref: FrameRef): { file?: string } =>
  files.length > 1 ? { file: files[fileOf(ref)] ?? "" } : {};

/** `end`: the last packet of the capture, of which the states are. */
export function flowObject(flow: FlowRow, clock: CaptureClock, files: FileNames, end: Nanos): ReportFlow {
  const endpoint = (e: EndRow) => ({ address: e.address, port: e.port });
  return {
    flow: flow.id,
    client: endpoint(flow.client),
    server: endpoint(flow.server),
    ...(flow.roleCertain ? {} : { role_certain: false as const }),
    ...fileField(files, flow.first.frame),
    first_frame: frameOf(flow.first.frame),
    last_frame: frameOf(flow.last.frame),
    first_time: clock.iso(flow.first.time),
    last_time: clock.iso(flow.last.time),
    packets: perSide(flow, (e) => e.packets),
    bytes: perSide(flow, (e) => e.bytes),
    wire_bytes: perSide(flow, (e) => e.wireBytes),
    duplicates: perSide(flow, (e) => e.copies),
    flags: perSide(flow, ({ syns, synAcks, fins, rsts, copiedFlags: also }) => ({
      syn: syns + also.syns,
      syn_ack: synAcks + also.synAcks,
      fin: fins + also.fins,
      rst: rsts + also.rsts,
    })),
    handshake: flow.handshake,
    closed_first: flow.closedFirst,
    ending: flow.ending,
    state: perSide(flow, (e) => stateAt(e.history, end)),
    protocol: flow.protocol,
    retransmissions: perSide(flow, (e) => e.retransmissions),
    missing_bytes: perSide(flow, (e) => e.missing),
  };
}

/** Its texts are redacted where they are kept (flow/redact-kept.ts). */
export function exchangeObject(e: Exchange, flow: FlowRow, clock: CaptureClock, files: FileNames): ReportExchange {
  const clientSide = flow.client.side;
  const { request, response } = e;
  const judged = e.outcome !== "unknown" && request !== null;
  return {
    flow: e.flow,
    protocol: e.protocol === "http2" ? "h2" : e.protocol,
    ...fileField(files, (request ?? response)!.frame),
    request: request && {
      frame: frameOf(request.frame),
      time: clock.iso(request.time),
      method: request.method,
      target: request.target,
      host: request.host,
      id: request.id,
    },
    response: response && {
      frame: frameOf(response.frame),
      time: clock.iso(response.time),
      status: response.status,
      ...(response.error === null ? {} : { error: response.error }),
    },
    outcome: e.outcome,
    waited_s: judged && e.outcome !== "pending" ? toSeconds(e.waited) : null,
    gave_up: e.gaveUp === null ? null : e.gaveUp === clientSide ? "client" : "server",
    interim: e.interim,
    ...(e.inTransaction === null ? {} : { in_transaction: e.inTransaction }),
    ...(e.doubt !== null && e.outcome === "unknown" ? { doubt: e.doubt } : {}),
  };
}

/** Evidence as the report holds it: frame numbers within their file; for each file that has some, in the order they are cited, one piece. */
export function evidenceObjects({ flow, frames, note }: Evidence, files: FileNames): ReportPacketEvidence[] {
  const byFile = new Map<number, FrameRef[]>();
  for (const f of frames) {
    if (f === 0) continue;
    const same = byFile.get(fileOf(f));
    if (same === undefined) byFile.set(fileOf(f), [f]);
    else same.push(f);
  }
  return [...byFile.values()].map((cited, n) => {
    const numbers = [...new Set(cited.map(frameOf))].sort((a, b) => a - b);
    return {
      flow,
      ...fileField(files, cited[0]!),
      frames: numbers,
      wireshark: numbers.map((number) => `frame.number == ${number}`).join(" || "),
      ...(n === 0 ? {} : { continues: true as const }),
      ...(note === undefined || n > 0 ? {} : { note }),
    };
  });
}

/** Evidence of a dump: its lines, in order, each once. */
export const lineEvidenceObject = ({ dump, lines, note }: LineEvidence): ReportLineEvidence => ({
  dump,
  lines: [...new Set(lines)].sort((a, b) => a - b),
  ...(note === undefined ? {} : { note }),
});

/** Links told: beyond, their number says how many there are. */
const TOLD_LINKS = 100;

/** What `topologyObject` needs of a link (analyses/legs.ts). */
export interface LinkFacts {
  readonly client: string;
  readonly caller: ServiceTally | null;
  readonly service: ServiceTally;
  readonly requests: number;
  readonly waited: Durations;
  readonly basis: ReportLink["basis"];
  readonly share: number;
}

export function topologyObject(links: readonly LinkFacts[]): Report["topology"] {
  const busiest = [...links].sort((a, b) => b.requests - a.requests).slice(0, TOLD_LINKS);
  return {
    links: links.length,
    calls: busiest.map(({ client, caller, service, requests, waited, basis, share }) => {
      const seconds = (ns: Nanos): number | null => (waited.count === 0 ? null : toSeconds(Math.round(ns)));
      return {
        client,
        caller: caller?.service ?? null,
        service: service.service,
        protocol: service.protocol,
        requests,
        basis,
        share: Number(share.toFixed(4)),
        waited_s: seconds(waited.percentile(0.5)),
        waited_p99_s: seconds(waited.percentile(0.99)),
        longest_s: seconds(waited.longest),
      };
    }),
  };
}
