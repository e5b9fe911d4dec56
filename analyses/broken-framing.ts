// Which frames cannot be what they say, on the wire; or were they all intact, so that the fault lies behind the receiver's read?

import type { Analysis, AnalysisResult, FoundFinding, Party } from "../src/core/analysis.ts";
import type { CaptureView, EndRow, FlowRow } from "../src/core/flow-view.ts";
import { CUT_BY_FIN, CUT_BY_RESET } from "../src/core/frame-option.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { type BrokenMessage, otherSide } from "../src/core/stream-decoder.ts";
import { CITED, cite, clockTime, name, plural } from "./grouping.ts";

/** Services that a finding names as intact beside its own. */
const NAMED = 3;

const EXAMPLE = "--frame 'port=7000,length=u32be,header=8'";

interface Bad {
  flow: number;
  message: BrokenMessage;
}

/** The frames of one sender to one receiver that do not parse, or that an end cut. */
interface Group {
  sender: Party;
  receiver: Party;
  service: Service;
  isCut: boolean;
  bad: Bad[];
  count: number;
  flows: Set<number>;
}

interface Service {
  party: Party;
  /** Frames intact, and those of them that went to the service. */
  intact: number;
  toService: number;
  broken: number;
  /** Frames that broke elsewhere than at the first byte of their direction. */
  later: number;
  connections: number;
  /** Bytes are missing in so many of them; in so many no frame's place was found. */
  holed: number;
  unread: number;
}

export const brokenFraming: Analysis = {
  id: "broken-framing",
  title: "Broken framing",
  question: "Are the frames of a length-prefixed protocol intact on the wire?",
  why:
    "A receiver that reports a corrupt message may have been sent one, or may have read a sound one wrongly: a read of a TCP " +
    "socket is no message (RFC 9293 §3.8: a stream of bytes). The wire tells which of the two must be mended.",
  run(view) {
    const services = new Map<string, Service>();
    const groups = new Map<string, Group>();
    if (view.protocols.has("framed")) {
      for (const flow of view.flows()) if (flow.protocol === "framed") collect(flow, services, groups);
    }
    if (services.size === 0) {
      return { kind: "clear", because: `no connection was read as frames (describe them with ${EXAMPLE})` };
    }
    const wrongFormat = [...services.values()].filter((s) => s.intact === 0 && s.broken > 0 && s.later === 0);
    const unsure = wrongFormat.map(
      (s) => `${name(s.party)}: not one frame is as --frame says, from the first byte on; another format, or TLS?`,
    );
    const findings = [...groups.values()]
      .filter((g) => !wrongFormat.includes(g.service))
      .map((g) => findingOf(g, [...services.values()], view));
    const judged = [...services.values()].filter((s) => !wrongFormat.includes(s));
    for (const s of judged) {
      if (s.holed > 0) {
        unsure.push(
          `${name(s.party)}: ${plural(s.intact, "frame")} intact as far as captured, but bytes are missing in ${s.holed} of ` +
            `${plural(s.connections, "connection")}, and frames behind a hole may not have been read; capture with tcpdump -s 0`,
        );
      } else if (s.intact === 0 && s.broken === 0) {
        unsure.push(
          `${name(s.party)}: no frame's place could be told; a capture from the connections' start, or magic=`,
        );
      }
    }
    if (findings.length > 0) return { kind: "found", findings, ...(unsure.length === 0 ? {} : { unsure }) };
    return unsure.length > 0 ? { kind: "unsure", needs: unsure } : cleanBill(judged);
  },
};

function cleanBill(services: readonly Service[]): AnalysisResult {
  const sum = (of: (s: Service) => number) => services.reduce((n, s) => n + of(s), 0);
  const unread = sum((s) => s.unread);
  const read = sum((s) => s.connections) - unread;
  const all = sum((s) => s.intact);
  return {
    kind: "clear",
    because:
      `${plural(all, "frame")} intact on the wire (${ways(
        sum((s) => s.toService),
        all,
      )}) in ${plural(read, "connection")}, so the fault, if there is ` +
      `one, lies behind the receiver's read${unread === 0 ? "" : `; in ${formatWhole(unread)} more no frame's place could be told`}`,
  };
}

/** Which receiver had how many. */
const ways = (toService: number, all: number): string =>
  `${formatWhole(toService)} to the service, ${formatWhole(all - toService)} from it`;

function collect(flow: FlowRow, services: Map<string, Service>, groups: Map<string, Group>): void {
  const { server, notes } = flow;
  const key = `${server.address} ${server.port}`;
  let service = services.get(key);
  if (service === undefined) {
    const party = { address: server.address, port: server.port };
    service = { party, intact: 0, toService: 0, broken: 0, later: 0, connections: 0, holed: 0, unread: 0 };
    services.set(key, service);
  }
  const intact = (notes?.intact[0] ?? 0) + (notes?.intact[1] ?? 0);
  const broken = notes?.brokenCount ?? 0;
  service.connections++;
  service.intact += intact;
  service.toService += notes?.intact[flow.client.side] ?? 0;
  service.broken += broken;
  if (flow.hasGaps || flow.hasSnappedPayload) service.holed++;
  else if (intact === 0 && broken === 0) service.unread++;
  for (const message of notes?.broken ?? []) {
    const sender = flow.end(message.side);
    const receiver = flow.end(otherSide(message.side));
    const isCut = message.what.startsWith(CUT_BY_FIN) || message.what.startsWith(CUT_BY_RESET);
    const groupKey = `${key} ${sender.address} ${receiver.address} ${sender.side === server.side} ${isCut}`;
    let group = groups.get(groupKey);
    if (group === undefined) {
      const parties = { sender: partyOf(sender, server), receiver: partyOf(receiver, server) };
      group = { ...parties, service, isCut, bad: [], count: 0, flows: new Set() };
      groups.set(groupKey, group);
    }
    if (message.offset > 0) service.later++;
    group.bad.push({ flow: flow.id, message });
    group.flows.add(flow.id);
    // Those beyond the ones that were kept are of the kind of the last.
    group.count += message === notes!.broken.at(-1) ? 1 + broken - notes!.broken.length : 1;
  }
}

/** A client has no fixed port. */
const partyOf = (end: EndRow, server: EndRow): Party =>
  end.side === server.side ? { address: end.address, port: end.port } : { address: end.address };

function findingOf(g: Group, services: readonly Service[], view: CaptureView): FoundFinding {
  g.bad.sort((a, b) => a.message.time - b.message.time);
  const first = g.bad[0]!.message;
  const [sender, receiver] = [name(g.sender), name(g.receiver)];
  const frames = plural(g.count, "frame");
  const at = `at ${clockTime(view.clock.iso(first.time))}, ${plural(first.offset, "byte")} into what it sent`;
  const sound = services.filter((s) => s !== g.service && s.intact > 0 && s.broken === 0 && s.holed === 0);
  return {
    severity: g.isCut ? "low" : "high",
    title: g.isCut
      ? `${frames} from ${sender} to ${receiver} ${g.count === 1 ? "was" : "were"} cut by the end of the connection`
      : `${frames} from ${sender} to ${receiver} cannot be what ${g.count === 1 ? "it says" : "they say"}`,
    summary:
      `${g.count === 1 ? "It" : "The first"} began ${at}: ${first.what}. ` +
      `${plural(g.service.intact, "frame")} of ${name(g.service.party)} ${g.service.intact === 1 ? "was" : "were"} intact on the wire` +
      `${g.isCut ? "." : `: the fault is ${sender}'s, not its receiver's.`}` +
      sound
        .slice(0, NAMED)
        .map(
          (s) =>
            ` Of ${name(s.party)} all ${plural(s.intact, "frame")} were intact (${ways(s.toService, s.intact)}): what fails there lies behind the receiver's read.`,
        )
        .join(""),
    subject: { holder: g.sender, peer: g.receiver },
    count: g.count,
    onset: first.time,
    metrics: {
      kind: g.isCut ? "cut" : "broken",
      offset: first.offset,
      what: first.what,
      intact: g.service.intact,
      connections: g.flows.size,
    },
    evidence: g.bad.slice(0, CITED).map(({ flow, message }) => ({
      ...cite(flow, message.frame),
      note: `${formatWhole(message.offset)} bytes into the stream: ${message.what}`,
    })),
    advice: g.isCut
      ? [`Find out what ended the connection while ${sender} was sending: a time-out, a kill, an error of ${receiver}.`]
      : [
          `Look at how ${sender} writes its header: byte order, what the length counts, two writers on one socket.`,
          `After such a frame the receiver cannot find the next one: let it close the connection.`,
        ],
    timeline: timelineOf(
      g.bad.map((b) => b.message.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}
