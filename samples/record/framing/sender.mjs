// Who sends frames, and in what pieces? Two connections from 127.0.0.2 to port 7000, all frames right; one from 127.0.0.3 to
// port 7001, which writes the length of message WRONG_MESSAGE, if any, with its bytes the wrong way round.
//
// For three and a half seconds each frame goes out by itself. Then pieces and clusters take turns; between two pieces lies
// a pause, so that each is a segment.

import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";
import { body, frame, HEADER } from "./frame.mjs";

const STEPS = 120;
const STEP_MS = 100;
const WHOLE_STEPS = 35;
const PAUSE_MS = 4;
const WRONG_MESSAGE = Number(process.env.WRONG_MESSAGE);
const SIZES = [40, 300, 90, 1200, 60, 700];

const journal = openJournal(process.env.JOURNAL);

async function open(port, localAddress) {
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
  await once(socket, "connect");
  const facts = { port, client: localAddress, client_port: socket.localPort };
  journal("connected", facts);
  socket.resume();
  socket.on("end", () => journal("saw_fin", facts));
  socket.on("error", (error) => journal("error", { ...facts, code: error.code }));
  let offset = 0;
  return {
    socket,
    /** The frame of a message; `wrong` turns the four bytes of its length round. */
    message(id, size, wrong = false) {
      const whole = frame(id, body(id, size));
      if (wrong) whole.subarray(0, 4).reverse();
      journal(wrong ? "framed_wrong" : "framed", { ...facts, id, offset, bytes: whole.length });
      offset += whole.length;
      return whole;
    },
    async write(...pieces) {
      for (const [i, piece] of pieces.entries()) {
        if (i > 0) await sleep(PAUSE_MS);
        socket.write(piece);
      }
    },
  };
}

const cut = (bytes, ...at) => [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
const every = (bytes, size) =>
  cut(bytes, ...Array.from({ length: Math.ceil(bytes.length / size) - 1 }, (_, i) => (i + 1) * size));

/** The ways to cut and join; `next(size)` makes the next message. */
const MANNERS = [
  (next) => [next(300)],
  (next) => cut(next(300), HEADER),
  (next) => cut(next(90), 4),
  (next) => every(next(30), 1),
  (next) => [Buffer.concat([next(60), next(700), next(40)])],
  (next) => {
    const first = next(200);
    return cut(Buffer.concat([first, next(500)]), first.length + 100);
  },
  (next) => every(next(6000), 1250),
  (next) => {
    const first = next(120);
    return cut(Buffer.concat([first, next(80)]), first.length + 3);
  },
];

async function inPieces(number) {
  const connection = await open(7000, "127.0.0.2");
  let id = number * 1000;
  const next = (size) => connection.message(++id, size);
  const started = performance.now();
  for (let step = 0; step < STEPS; step++) {
    await sleep(Math.max(0, started + step * STEP_MS - performance.now()));
    const manner = step < WHOLE_STEPS ? MANNERS[0] : MANNERS[(step + number) % MANNERS.length];
    await connection.write(...manner(next));
  }
  await sleep(200);
  connection.socket.end();
}

async function wrongOnce() {
  let connection = await open(7001, "127.0.0.3");
  for (let n = 1; n <= STEPS / 2; n++) {
    await sleep(STEP_MS * 2);
    if (connection.socket.readableEnded) connection = await open(7001, "127.0.0.3");
    await connection.write(connection.message(9000 + n, SIZES[n % SIZES.length], n === WRONG_MESSAGE));
  }
  await sleep(200);
  connection.socket.end();
}

await Promise.all([inPieces(1), inPieces(2), wrongOnce()]);
