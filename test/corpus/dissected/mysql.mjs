// Which MySQL commands did tshark see, and where does the answer to each begin?
//
// A command is number 0 of its exchange, and the first packet of its answer number 1 (MySQL Internals, "Protocol Basics"). tshark
// takes whatever else a client says for a command too: a password in a form that it does not know, a file that it loads.

import { find, shown } from "../dissect.mjs";
import { answered, asked, Connections } from "./exchange.mjs";

/** COM_QUIT, COM_STMT_SEND_LONG_DATA and COM_STMT_CLOSE have no answer. */
const UNANSWERED = new Set(["1", "24", "25"]);
const CHANGE_USER = "17";
/** A request for a local file, and for a proof of identity: questions of the server. */
const LOCAL_FILE = 0xfb;
const AUTH_SWITCH = 0xfe;
const MORE_PROOF = 0x01;

/** @returns {import("./exchange.mjs").Told} */
export function mysql(messages) {
  const exchanges = [];
  const refusals = [];
  const connections = new Connections(() => ({ client: null, waiting: [], active: null, isQuestion: false }));
  for (const m of messages) {
    const c = connections.of(m);
    const command = shown(m.node, "mysql.command");
    const number = Number(shown(m.node, "mysql.packet_number"));
    if (command !== null || find(m.node, "mysql.login_request") !== null) c.client ??= m.from;
    if (m.from === c.client) {
      if (command === null || number !== 0 || UNANSWERED.has(command)) continue;
      const exchange = asked(m.at);
      exchanges.push(exchange);
      c.waiting.push({ exchange, command });
      continue;
    }
    const code = Number(shown(m.node, "mysql.response_code") ?? "0");
    const error = shown(m.node, "mysql.error_code");
    if (number !== 1 && !c.isQuestion) {
      if (error === null) continue;
      // A login fails, or a result breaks off.
      if (c.active === null) refusals.push({ frame: m.at, code: error });
      else answered(c.active, m.at, error);
      continue;
    }
    const next = c.waiting[0];
    if (next === undefined) {
      if (error !== null) refusals.push({ frame: m.at, code: error });
      continue;
    }
    const asksBack =
      code === LOCAL_FILE || (next.command === CHANGE_USER && (code === AUTH_SWITCH || code === MORE_PROOF));
    c.isQuestion = asksBack;
    if (asksBack) continue;
    c.waiting.shift();
    c.active = next.exchange;
    answered(next.exchange, m.at, error);
  }
  return { exchanges, unread: [], refusals };
}
