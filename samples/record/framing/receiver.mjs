// Which receiver finds corrupt messages where there are none? On port 7000 with READER=reads, one that takes each read for a frame.
//
// With READER=frames, and on port 7001, is one that reads frames as they are, and closes when a length cannot be one. Both
// acknowledge each message that they understood with a frame of their own.

import { createServer } from "node:net";
import { openJournal } from "../journal.mjs";
import { frame, HEADER, LIMIT } from "./frame.mjs";

const ADDRESS = "127.0.0.1";
const journal = openJournal(process.env.JOURNAL);

function serve(port, reader) {
  const server = createServer({ noDelay: true }, (socket) => {
    const facts = { port, client_port: socket.remotePort };
    journal("accepted", facts);
    const take = reader(socket, facts);
    socket.on("data", take);
    socket.on("end", () => journal("saw_fin", facts));
    socket.on("error", (error) => journal("error", { ...facts, code: error.code }));
  });
  server.listen(port, ADDRESS);
}

function understood(socket, facts, id) {
  journal("understood", { ...facts, id });
  const reply = frame(id, Buffer.from('{"stored":true}'));
  journal("acknowledged", { ...facts, id, bytes: reply.length });
  socket.write(reply);
}

/** The fault: a read is no frame. Several in one read: the first is taken, the rest thrown away. */
const byRead = (socket, facts) => (chunk) => {
  const corrupt = (why) => journal("corrupt", { ...facts, why, bytes: chunk.length });
  if (chunk.length < HEADER) return corrupt("short header");
  const length = chunk.readUInt32BE(0);
  const text = chunk.toString("utf8", HEADER, Math.min(HEADER + length, chunk.length));
  if (chunk.length < HEADER + length) return corrupt(length > LIMIT ? "impossible length" : "short body");
  if (chunk.length > HEADER + length) journal("threw_away", { ...facts, bytes: chunk.length - HEADER - length });
  try {
    JSON.parse(text);
  } catch {
    return corrupt("no JSON");
  }
  return understood(socket, facts, chunk.readUInt32BE(4));
};

const byFrame = (socket, facts) => {
  let buffer = Buffer.alloc(0);
  let offset = 0;
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= HEADER) {
      const length = buffer.readUInt32BE(0);
      if (length > LIMIT) {
        journal("impossible_length", { ...facts, offset, length });
        return socket.end();
      }
      if (buffer.length < HEADER + length) return undefined;
      understood(socket, facts, buffer.readUInt32BE(4));
      offset += HEADER + length;
      buffer = buffer.subarray(HEADER + length);
    }
    return undefined;
  };
};

serve(7000, process.env.READER === "frames" ? byFrame : byRead);
serve(7001, byFrame);
