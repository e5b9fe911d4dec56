// Both ends of connections of every kind, so that all states come and go: who closes first, who holds how long, who resets.
//
// wishes: {port, perSecond, seconds}. Chosen by a generator with a fixed seed.

import { connect, createServer } from "node:net";

const { port = 8080, perSecond = 10, seconds = 60 } = JSON.parse(process.argv[2] ?? "{}");
const TICK_MS = 20;
const TALK = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

let seed = 7;
const chance = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};
const later = (fromMs, toMs, action) => setTimeout(action, fromMs + chance() * (toMs - fromMs));

/** Each has the socket that the client holds and the one that the server accepted; both may be half open. */
const KINDS = [
  // The client is done first; the server follows at once, or after a while.
  (client, served) => {
    served.on("end", () => served.end());
    later(20, 3000, () => client.end());
  },
  (client, served) => {
    served.on("end", () => later(1500, 9000, () => served.end()));
    later(20, 500, () => client.end());
  },
  // The server is done first.
  (client, served) => {
    client.on("end", () => client.end());
    later(20, 3000, () => served.end());
  },
  (client, served) => {
    client.on("end", () => later(1500, 9000, () => client.end()));
    later(20, 500, () => served.end());
  },
  // It stays open for long.
  (client, served) => {
    served.on("end", () => served.end());
    later(5000, 20_000, () => client.end());
  },
  (client) => later(100, 2000, () => client.resetAndDestroy()),
];

const waiting = new Map();
const server = createServer({ allowHalfOpen: true }, (served) => {
  served.on("error", () => {});
  served.on("data", () => {
    if (served.writable) served.write(ANSWER);
  });
  const pair = waiting.get(served.remotePort);
  if (pair) pair(served);
  else waiting.set(served.remotePort, served);
});

function begin() {
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const kind = KINDS[Math.floor(chance() * KINDS.length)];
  client.on("error", () => {});
  client.resume();
  client.on("connect", () => {
    client.write(TALK);
    const both = (served) => {
      waiting.delete(client.localPort);
      kind(client, served);
    };
    const served = waiting.get(client.localPort);
    if (served) both(served);
    else waiting.set(client.localPort, both);
  });
}

server.listen(port, "127.0.0.1", 1024, () => {
  console.log("ready");
  const start = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    const elapsed = (performance.now() - start) / 1000;
    for (const due = Math.min(elapsed, seconds) * perSecond; begun < due; begun++) begin();
    if (elapsed > seconds) {
      clearInterval(timer);
      console.log("done");
    }
  }, TICK_MS);
});
