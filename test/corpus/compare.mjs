// Where do the stream decoders differ from tshark's dissectors in one capture: commands, the answer to each, what TLS says in clear?

import { compareTls, hasTls, isOfTls } from "./compare-tls.mjs";
import { DISSECTORS, dissect } from "./dissect.mjs";
import { codeOf, http2 } from "./dissected/http2.mjs";
import { memcached } from "./dissected/memcached.mjs";
import { mysql } from "./dissected/mysql.mjs";
import { postgresql } from "./dissected/postgresql.mjs";
import { redis } from "./dissected/redis.mjs";
import { tls } from "./dissected/tls.mjs";

const TELLERS = { mysql, postgresql, http2, redis, memcached };
/** Where tshark looks for them unless it is told. */
const USUAL_PORTS = { mysql: 3306, postgresql: 5432, redis: 6379, memcached: 11211, tls: 443 };
const NOTES = "what-decoders-say";

/**
 * What was compared, how the two differ, each in words, and how many connections tshark could not read to their end. Of TLS a fact of
 * a hello counts as a command, an alert as a response.
 * @typedef {{commands: number, responses: number, unread: number, differences: string[]}} Comparison
 */

/**
 * What halfclose says of a capture.
 * @param {string} path
 * @param analyze the program's
 */
export async function readStreams(path, analyze) {
  const notes = [];
  const take = {
    id: NOTES,
    title: "",
    question: "",
    why: "",
    run(view) {
      for (const { id, notes: n } of view.flows()) notes[id] = n;
      return { kind: "clear", because: "" };
    },
  };
  const report = await analyze([path], { detail: true, redact: "none", only: [NOTES], analyses: [take] });
  return { flows: report.flows, exchanges: report.exchanges, notes };
}

/** Does halfclose see a protocol that is to be compared? */
export const hasStreams = (ours) =>
  ours.flows.some((flow) => flow.protocol in DISSECTORS || hasTls(flow, ours.notes[flow.flow]));

/**
 * @param {string} path
 * @param ours what `readStreams` gave
 * @returns {Promise<Map<string, Comparison>>} by protocol, only those that either of the two sees
 */
export async function compareStreams(path, ours) {
  const first = await compareOnce(path, ours, true);
  if ([...first.values()].every((c) => c.differences.length === 0)) return first;
  // Where something was lost for good tshark reads nothing more unless it goes on without; elsewhere it reads less then.
  const second = await compareOnce(path, ours, false);
  const better = new Map(first);
  for (const [protocol, c] of second) {
    const other = first.get(protocol);
    if (other === undefined || c.commands + c.responses > other.commands + other.responses) better.set(protocol, c);
  }
  return better;
}

async function compareOnce(path, ours, waitsForLost) {
  const ports = portsOf(ours);
  const messages = await dissect(path, ports, waitsForLost);
  const result = new Map();
  for (const [protocol, tell] of Object.entries(TELLERS)) {
    const isServer = (end) => {
      const port = Number(end.split(" ")[1]);
      return port === USUAL_PORTS[protocol] || ports.get(protocol)?.has(port) === true;
    };
    const theirs = tell(
      messages.filter((m) => m.protocol === protocol),
      isServer,
    );
    const c = compareExchanges(protocol, theirs, ours);
    if (c !== null) result.set(protocol, c);
  }
  const c = compareTls(tls(messages.filter((m) => m.protocol === "tls")), ours);
  if (c !== null) result.set("tls", c);
  return result;
}

function portsOf({ flows }) {
  const ports = new Map();
  for (const { protocol, server } of flows) {
    if (!(protocol in DISSECTORS) || server.port === USUAL_PORTS[protocol]) continue;
    if (!ports.has(protocol)) ports.set(protocol, new Set());
    ports.get(protocol).add(server.port);
  }
  return ports;
}

function compareExchanges(protocol, told, streams) {
  const { exchanges: theirs, unread, refusals = [] } = told;
  const { exchanges, flows } = streams;
  const ours = exchanges.filter((e) => {
    if ((e.protocol === "h2" ? "http2" : e.protocol) !== protocol) return false;
    const { client, server } = flows[e.flow];
    const ends = [`${client.address} ${client.port}`, `${server.address} ${server.port}`];
    const frame = (e.request ?? e.response).frame;
    return !unread.some((u) => frame >= u.from && ends.includes(u.ends[0]) && ends.includes(u.ends[1]));
  });
  if (ours.length + theirs.length + unread.length + refusals.length === 0) return null;
  const differences = [];
  let commands = 0;
  let responses = 0;
  const rest = byFrame(ours, (e) => e.request?.frame ?? null);
  const restOfAnswers = byFrame(
    ours.filter((e) => e.request === null),
    (e) => e.response.frame,
  );
  for (const their of theirs) {
    const isOrphan = their.request === null;
    const our = (isOrphan ? restOfAnswers.get(their.response) : rest.get(their.request))?.shift();
    const name = isOrphan ? `answer in frame ${their.response}` : `command in frame ${their.request}`;
    if (our === undefined) {
      if (their.optional) continue;
      differences.push(`${name}: only tshark`);
    } else if (!isOrphan) {
      const [a, b] = [their.response, our.response?.frame ?? null];
      if (a !== b && a !== undefined) {
        differences.push(`answer to frame ${their.request}: ${a ?? "none"} (tshark), ${b ?? "none"} (halfclose)`);
      }
    }
    if (!isOrphan) commands++;
    if (their.response == null) continue;
    responses++;
    if (our?.response == null || their.code === undefined) continue;
    const code = codeOf(
      our.response.status === null ? null : String(our.response.status),
      our.response.error?.code ?? null,
    );
    if (code !== their.code) {
      differences.push(`${name} says ${their.code ?? "nothing"} (tshark), ${code ?? "nothing"} (halfclose)`);
    }
  }
  const several = new Set(theirs.filter((their) => their.several).map((their) => their.request));
  for (const [frame, list] of rest) {
    if (frame !== null && !several.has(frame))
      for (const _ of list) differences.push(`command in frame ${frame}: only halfclose`);
  }
  for (const [frame, list] of restOfAnswers) {
    for (const _ of list) differences.push(`answer in frame ${frame}: only halfclose`);
  }
  if (told.refusals !== undefined) differences.push(...compareRefusals(protocol, told, streams));
  return { commands, responses: responses + refusals.length, unread: unread.length, differences };
}

/** Errors that answer no command. With some of those that do the server ends the connection: halfclose remarks them too. */
function compareRefusals(protocol, { exchanges, unread, refusals }, { flows, notes }) {
  if (unread.length > 0) return [];
  const ours = flows
    .filter((flow) => flow.protocol === protocol)
    .flatMap((flow) => notes[flow.flow]?.remarks ?? [])
    .filter((remark) => remark.kind === "refusal" && !isOfTls(remark))
    .map(({ frame, code }) => `${code} in ${frame}`);
  const theirs = refusals.map(({ frame, code }) => `${code} in ${frame}`);
  const answers = exchanges.map(({ response, code }) => `${code} in ${response}`);
  return [
    ...theirs.filter((r) => !ours.includes(r)).map((r) => `refusal ${r}: only tshark`),
    ...ours.filter((r) => !theirs.includes(r) && !answers.includes(r)).map((r) => `refusal ${r}: only halfclose`),
  ];
}

function byFrame(list, frameOf) {
  const map = new Map();
  for (const e of list) {
    const frame = frameOf(e);
    if (!map.has(frame)) map.set(frame, []);
    map.get(frame).push(e);
  }
  return map;
}
