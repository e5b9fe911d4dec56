// What can a scripted client do with one TCP connection? Send and wait for an answer, send FIN, send RST, wait for FIN.
//
// Nothing is closed behind the script's back: allowHalfOpen leaves the answering FIN to it. Every act is logged.

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A step that takes longer is a broken recording. */
const STEP_MS = 20_000;

export async function dial(local, remote, log) {
  const socket = connect({
    host: remote.address,
    port: remote.port,
    localAddress: local.address,
    localPort: local.port,
    allowHalfOpen: true,
    noDelay: true,
  });
  let text = "";
  socket.on("data", (chunk) => {
    if (text === "") log("first_bytes", { text: chunk.toString("latin1", 0, 15) });
    text += chunk.toString("latin1");
  });
  const finished = new Promise((resolve) => socket.once("end", resolve)).then(() => log("saw_fin"));
  const closed = new Promise((resolve) => socket.once("close", resolve)).then(() => log("closed"));
  socket.on("error", (error) => log("error", { code: error.code }));

  const inTime = (promise, step) =>
    Promise.race([
      promise,
      sleep(STEP_MS, undefined, { ref: false }).then(() => {
        throw new Error(`port ${local.port}: ${step} did not happen in ${STEP_MS} ms`);
      }),
    ]);

  await inTime(new Promise((resolve) => socket.once("connect", resolve)), "connect");
  log("connected");

  return {
    write(data) {
      log("writes", { bytes: data.length });
      socket.write(data);
    },
    /** Writes, and resolves when what has arrived since matches `until`. */
    async send(data, until) {
      text = "";
      this.write(data);
      const matches = new Promise((resolve) => {
        const check = () => {
          if (!until.test(text)) return;
          socket.off("data", check);
          resolve();
        };
        socket.on("data", check);
      });
      await inTime(matches, `an answer matching ${until}`);
      log("answered");
    },
    fin() {
      log("sends_fin");
      socket.end();
    },
    /** SO_LINGER 0 and close. */
    reset() {
      log("sends_rst");
      socket.resetAndDestroy();
    },
    /** close(): FIN, and RST to whatever comes after. */
    close() {
      log("closes");
      socket.destroy();
    },
    sawFin: () => inTime(finished, "FIN from the peer"),
    closed: () => inTime(closed, "close"),
  };
}

/** A connection attempt that is not expected to succeed: logs the error the application gets, or that it gave up. */
export function attempt(local, remote, giveUpMs, log) {
  log("connects");
  const socket = connect({
    host: remote.address,
    port: remote.port,
    localAddress: local.address,
    localPort: local.port,
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      log("gives_up");
      socket.destroy();
    }, giveUpMs);
    socket.on("connect", () => log("connected"));
    socket.on("error", (error) => log("error", { code: error.code }));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
