// What does a client see when nobody answers? Each case is one entry of the list below, from a port of its own.
//
// An entry says what it does and what must be found in the capture (`expect`), and does it. `gave_up` is who ended an
// exchange without an answer: the client that went away, or the server that closed, reset or died.

import { setTimeout as sleep } from "node:timers/promises";
import { attempt, dial } from "../dial.mjs";
import { openJournal } from "../journal.mjs";
import { order } from "../orders.mjs";

const SERVER = "192.0.2.2";
/** In the subnet, with a neighbour entry that nobody owns: packets to it vanish. */
const NOBODY = "192.0.2.77";
const FIRST_PORT = 41001;
const STAGGER_MS = 50;
/** SYNs go out at 0, 1 and 3 s. */
const CONNECT_PATIENCE_MS = 4000;

const journal = openJournal(process.env.JOURNAL);
const get = (target) =>
  `GET ${target} HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: fault${target.replace("/", "-")}\r\n\r\n`;
const answered = (target) => ({ method: "GET", target, status: 200, outcome: "answered", gave_up: null });
const unanswered = (target, gaveUp) => ({
  method: "GET",
  target,
  status: null,
  outcome: "unanswered",
  gave_up: gaveUp,
});
const HELLO = /\r\n\r\nhello\n$/;
const several = (count, make) => Array.from({ length: count }, (_, i) => make(i + 1));

const refused = (n, host) => ({
  name: `refused-${n}`,
  what: "Nothing listens: RST+ACK to the SYN.",
  host,
  port: 8099,
  attempt: true,
  expect: { closed_first: null, ending: "refused", exchanges: [] },
});

const CASES = [
  ...several(3, (n) => refused(n, SERVER)),
  refused("ipv6", "2001:db8::2"),
  ...several(2, (n) => ({
    name: `dropped-${n}`,
    what: "The SYN and its two repetitions vanish; the client gives up after 4 s.",
    host: NOBODY,
    port: 8000,
    attempt: true,
    expect: { closed_first: null, ending: "unanswered", exchanges: [] },
  })),
  ...several(3, (n) => ({
    name: `answered-${n}`,
    what: "All is well: answered, closed by the client.",
    port: 8000,
    expect: { closed_first: "client", ending: "closed", exchanges: [answered(`/fine-${n}`)] },
    async run(c) {
      await c.send(get(`/fine-${n}`), HELLO);
      c.fin();
      await c.sawFin();
    },
  })),
  ...several(2, (n) => ({
    name: `server-closes-without-answer-${n}`,
    what: "The server reads the request and closes: FIN, no response.",
    port: 8011,
    expect: { closed_first: "server", ending: "closed", exchanges: [unanswered(`/closed-${n}`, "server")] },
    async run(c) {
      c.write(get(`/closed-${n}`));
      await c.sawFin();
      c.fin();
    },
  })),
  {
    name: "server-closes-unread",
    what: "The server closes without having read the request: RST+ACK.",
    port: 8013,
    expect: { closed_first: null, ending: "reset", reset_by: "server", exchanges: [unanswered("/unread", "server")] },
    async run(c) {
      c.write(get("/unread"));
    },
  },
  ...several(3, (n) => ({
    name: `client-gives-up-fin-${n}`,
    what: "No answer; the client closes after 500 ms, the server follows.",
    port: 8010,
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [unanswered(`/patience-${n}`, "client")],
      gave_up_after_s: 0.5,
    },
    async run(c) {
      c.write(get(`/patience-${n}`));
      await sleep(500);
      c.close();
    },
  })),
  ...several(2, (n) => ({
    name: `client-gives-up-rst-${n}`,
    what: "No answer; the client resets the connection after 500 ms.",
    port: 8010,
    expect: {
      closed_first: null,
      ending: "reset",
      reset_by: "client",
      exchanges: [unanswered(`/impatience-${n}`, "client")],
      gave_up_after_s: 0.5,
    },
    async run(c) {
      c.write(get(`/impatience-${n}`));
      await sleep(500);
      c.reset();
    },
  })),
  ...several(3, (n) => ({
    name: `late-${n}`,
    what: "The client closes after 1 s; the server answers after 2 s and meets RST: nobody read it.",
    port: 8012,
    expect: {
      closed_first: "client",
      ending: "reset",
      reset_by: "client",
      exchanges: [{ method: "GET", target: `/late-${n}`, status: 200, outcome: "late", gave_up: "client" }],
      gave_up_after_s: 1,
      answered_after_s: 2,
    },
    async run(c) {
      c.write(get(`/late-${n}`));
      await sleep(1000);
      c.close();
      // The socket is gone for the application now; the kernel still meets the answer, in the second after next.
      await sleep(1500);
    },
  })),
  {
    name: "reset-before-late-answer",
    what: "The client resets after 1 s; the service answers after 2 s into a socket that is gone: no packet.",
    port: 8012,
    expect: {
      closed_first: null,
      ending: "reset",
      reset_by: "client",
      exchanges: [unanswered("/reset-then-late", "client")],
      gave_up_after_s: 1,
    },
    async run(c) {
      c.write(get("/reset-then-late"));
      await sleep(1000);
      c.reset();
      await sleep(1500);
    },
  },
  {
    name: "cut-inside-body",
    what: "The response begins, then the server closes in the middle of its body.",
    port: 8016,
    expect: { closed_first: "server", ending: "closed", incomplete: true, exchanges: [answered("/cut")] },
    async run(c) {
      c.write(get("/cut"));
      await c.sawFin();
      c.fin();
    },
  },
  ...several(4, (n) => ({
    name: `killed-reading-${n}`,
    what: "kill -9 of a service that has read the request: its kernel sends FIN, for nothing was unread.",
    port: 8014,
    expect: {
      closed_first: "server",
      ending: "closed",
      exchanges: [answered(`/before-${n}`), unanswered(`/hold-${n}`, "server")],
    },
    async run(c) {
      await c.send(get(`/before-${n}`), HELLO);
      c.write(get(`/hold-${n}`));
      if (n === 4) {
        await sleep(600);
        await order(process.env.ORDERS, "SIGKILL 8014");
      }
      await c.sawFin();
      c.fin();
    },
  })),
  ...several(3, (n) => ({
    name: `killed-frozen-${n}`,
    what: "The service is frozen, gets a further request, which its kernel acknowledges, and is killed: RST, for it was unread.",
    port: 8015,
    expect: {
      closed_first: null,
      ending: "reset",
      reset_by: "server",
      exchanges: [answered(`/before-freeze-${n}`), unanswered(`/frozen-${n}`, "server")],
    },
    async run(c) {
      await c.send(get(`/before-freeze-${n}`), HELLO);
      await frozen;
      c.write(get(`/frozen-${n}`));
    },
  })),
  {
    name: "killed-frozen-unaccepted",
    what: "A connection to the frozen service: the kernel completes the handshake, the process never accepts, and is killed.",
    port: 8015,
    after: () => frozen,
    expect: {
      closed_first: null,
      ending: "reset",
      reset_by: "server",
      exchanges: [unanswered("/never-accepted", "server")],
    },
    async run(c) {
      c.write(get("/never-accepted"));
      await sleep(600);
      await order(process.env.ORDERS, "SIGKILL 8015");
    },
  },
  {
    name: "pending",
    what: "A request that is still waiting when the capture ends.",
    port: 8010,
    endless: true,
    expect: {
      closed_first: null,
      ending: "open",
      exchanges: [{ method: "GET", target: "/pending", status: null, outcome: "pending", gave_up: null }],
    },
    async run(c) {
      c.write(get("/pending"));
    },
  },
];

/** The freeze comes when all that must have been answered by 8015 has been. */
const frozen = sleep(STAGGER_MS * CASES.length + 300).then(() => order(process.env.ORDERS, "SIGSTOP 8015"));

await Promise.all(
  CASES.map(async (entry, i) => {
    await sleep(i * STAGGER_MS);
    await entry.after?.();
    const host = entry.host ?? SERVER;
    const local = { address: host.includes(":") ? "2001:db8::1" : "192.0.2.1", port: FIRST_PORT + i };
    const server = { address: host, port: entry.port };
    const { name, what, expect } = entry;
    const log = (event, facts) => journal(event, { port: local.port, ...facts });
    journal("starts", { name, what, client: local, server, expect });
    if (entry.attempt) {
      await attempt(local, server, CONNECT_PATIENCE_MS, log);
    } else {
      const connection = await dial(local, server, log);
      await entry.run(connection);
      if (entry.endless) return;
      await connection.closed();
    }
    journal("done", { port: local.port });
  }),
);
journal("all_done");
// Holds the pending request until the recording has ended.
setInterval(() => {}, 60_000);
