// What does tshark read in the streams of a capture, message by message, and in which frame does each begin?
//
// One call per capture, for all protocols at once. tshark names the frame that completes a message; where it begins is told by
// its position in what tshark put together from several segments. What tshark decrypts with keys in the file is left out, as are
// packets quoted in ICMP: neither was said on the wire.

import { spawn } from "node:child_process";

/** Protocol of halfclose → dissector of tshark. */
export const DISSECTORS = {
  mysql: "mysql",
  postgresql: "pgsql",
  http2: "http2",
  redis: "resp",
  memcached: "memcache",
  tls: "tls",
};
const PROTOCOLS = new Map(Object.entries(DISSECTORS).map(([protocol, dissector]) => [dissector, protocol]));

/** Of TLS and HTTP/2 only what says something: heads, resets, farewells, hellos, alerts. */
const FILTER =
  "tcp && (mysql || pgsql || resp || memcache || " +
  [1, 3, 5, 7, 9].map((type) => `http2.type == ${type}`).join(" || ") +
  " || http2.flags.end_stream == 1 || (tls.record.version == 0x0002 && tls.handshake.type == 4) || tls.handshake.type == 1 || tls.handshake.type == 2 || tls.alert_message)";
/** Nodes whose children are printed; of all others there is a line that says so. */
const OPENED = [
  "ip ipv6 tcp tcp.segments text _ws.expert",
  "mysql mysql.request pgsql http2 http2.stream http2.flags http2.header resp resp.array resp.bulk_string memcache",
  "tls tls.record tls.handshake tls.handshake.extensions_alpn_list tls.alert_message",
].join(" ");

/**
 * A node of tshark's tree: a protocol or a field.
 * @typedef {{name: string, show: string, value: string, pos: number, size: number, children: Node[]}} Node
 * A message: `at` is the frame of its first byte, `stream` the number of its connection, `from` and `to` its ends, `place(pos)` the
 * frame of one of its nodes, `text(node)` the bytes of one that lies within one segment.
 * @typedef {{protocol: string, at: number, stream: number, from: string, to: string, place: (pos: number) => number,
 *   text: (node: Node) => string, node: Node}} Message
 */

/**
 * The messages of a capture, in order.
 * @param {string} path
 * @param {ReadonlyMap<string, ReadonlySet<number>>} ports where each protocol was found, for tshark goes by ports
 * @param {boolean} waitsForLost put what was lost and sent again back into order; where it never was, nothing more of it is read
 * @returns {Promise<Message[]>}
 */
export async function dissect(path, ports, waitsForLost) {
  const decode = [...ports].flatMap(([protocol, list]) =>
    [...list].flatMap((port) => ["-d", `tcp.port==${port},${DISSECTORS[protocol]}`]),
  );
  const order = ["-o", `tcp.reassemble_out_of_order:${waitsForLost ? "TRUE" : "FALSE"}`];
  const options = ["-n", ...order, ...decode, "-r", path, "-Y", FILTER, "-T", "pdml", "-j", OPENED];
  const messages = [];
  for await (const layers of packets(options)) messages.push(...messagesOf(layers));
  return messages;
}

const PACKET_END = "</packet>";

/** The tree of each packet. A damaged capture is read as far as it goes: tshark's exit code says nothing more than that. */
async function* packets(options) {
  const child = spawn("tshark", options, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  let xml = "";
  for await (const part of child.stdout.setEncoding("utf8")) {
    xml += part;
    // Only in what is new, but for an end that is cut.
    if (!xml.includes(PACKET_END, Math.max(0, xml.length - part.length - PACKET_END.length))) continue;
    const parts = xml.split(PACKET_END);
    xml = parts.pop();
    for (const packet of parts) yield layersOf(packet);
  }
  await ended;
}

const TAG = /<(\/?)(?:proto|field)\b([^>]*?)(\/?)>/g;
const ATTRIBUTE = / (name|show|value|pos|size)="([^"]*)"/g;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'" };
const plain = (text) =>
  text.includes("&") ? text.replace(/&(lt|gt|amp|quot|#x27);/g, (_, name) => ENTITIES[name]) : text;

/** The protocols of a packet in PDML (Packet Details Markup Language). */
function layersOf(xml) {
  const root = { children: [] };
  const path = [root];
  for (const [, end, attributes, empty] of xml.slice(xml.indexOf("<packet>")).matchAll(TAG)) {
    if (end !== "") {
      path.pop();
      continue;
    }
    const node = { name: "", show: "", value: "", pos: 0, size: 0, children: [] };
    for (const [, key, text] of attributes.matchAll(ATTRIBUTE)) {
      node[key] = key === "pos" || key === "size" ? Number(text) : plain(text);
    }
    path.at(-1).children.push(node);
    if (empty === "") path.push(node);
  }
  return root.children;
}

/** The first node of this name below a node, at any depth. */
export function find(node, name) {
  for (const child of node.children) {
    if (child.name === name) return child;
    const deeper = find(child, name);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** Every node of this name below a node, at any depth. */
export const findAll = (node, name) =>
  node.children.flatMap((child) => (child.name === name ? [child] : findAll(child, name)));

/** What is shown for the first node of this name; null without one. */
export const shown = (node, name) => find(node, name)?.show ?? null;

function messagesOf(layers) {
  const frame = Number(shown({ children: layers }, "num"));
  const messages = [];
  let addresses = ["", ""];
  let tcp = null;
  let payload = null;
  /** What was put together from several segments: their frames, its length, and how far its messages were found. */
  let joined = null;
  for (const node of layers) {
    if (node.name.startsWith("icmp")) return [];
    if (node.name === "ip" || node.name === "ipv6") {
      addresses = [shown(node, `${node.name}.src`), shown(node, `${node.name}.dst`)];
    } else if (node.name === "tcp") {
      tcp = {
        stream: Number(shown(node, "tcp.stream")),
        from: `${addresses[0]} ${shown(node, "tcp.srcport")}`,
        to: `${addresses[1]} ${shown(node, "tcp.dstport")}`,
      };
      payload = find(node, "tcp.payload");
    }
    const segments = find(node, "tcp.segments");
    if (segments !== null) joined = joinedFrom(segments);
    if (tcp === null || !PROTOCOLS.has(node.name)) continue;
    const protocol = PROTOCOLS.get(node.name);
    if (protocol !== "tls" && layers.some((layer) => layer.name === "tls")) continue;
    const inJoined = joined !== null && node.pos === joined.read && joined.read < joined.length;
    if (inJoined) joined.read += node.size;
    const { parts } = joined ?? { parts: [] };
    const place = inJoined ? (pos) => parts.findLast((part) => part.pos <= pos)?.frame ?? frame : () => frame;
    const text = ({ pos, size }) =>
      inJoined || payload === null
        ? ""
        : Buffer.from(payload.value.slice(2 * (pos - payload.pos), 2 * (pos - payload.pos + size)), "hex").toString(
            "latin1",
          );
    messages.push({ protocol, at: place(node.pos), ...tcp, place, text, node });
  }
  return messages;
}

function joinedFrom(segments) {
  const parts = segments.children
    .filter((child) => child.name === "tcp.segment")
    .map(({ pos, size, show }) => ({ pos, size, frame: Number(show) }));
  return { parts, length: parts.reduce((n, part) => Math.max(n, part.pos + part.size), 0), read: 0 };
}
